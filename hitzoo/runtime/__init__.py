"""The machine: devices, memory, processes, random numbers; knows no network."""
