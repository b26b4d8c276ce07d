"""Device code in Triton's language: the only files that import Triton.

Capitals are compile-time constants. A pointer is to the first number of a contiguous tensor.
"""
