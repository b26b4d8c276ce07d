"""The optimized inference network of HiT's generator."""
