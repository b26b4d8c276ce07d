"""Triton kernels for the optimized network on NVIDIA GPUs; inference only.

The features stay on the chip between the products of an MLP, or of a whole pixel-wise stage. `support` says whether a
kernel applies, `disabled` whether it is turned off; `attempts` launches it. Only `device` imports Triton, when a kernel
is launched; `reference` has the same functions in plain PyTorch.
"""
