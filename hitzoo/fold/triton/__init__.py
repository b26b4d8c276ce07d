"""Triton kernels for the optimized network on NVIDIA GPUs; inference only.

The features stay on the chip between the products of an MLP, or of a whole pixel-wise stage. Nothing here is imported
where Triton is missing, except `support` (does a kernel apply?), `weights`, `tiling` and `reference`, the same
functions in plain PyTorch.
"""
