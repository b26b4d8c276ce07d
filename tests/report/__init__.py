"""The report of runs: what it says, what it refuses, and what it never lets through."""
