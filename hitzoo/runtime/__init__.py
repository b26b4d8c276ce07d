"""The machine: devices, memory, processes, random numbers; independent of networks."""
