"""The kernels compiled for NVIDIA's cards, which needs none: what they take of each is held to what it has."""
