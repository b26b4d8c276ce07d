"""Exact rewrites of blocks for inference, and the kernels they run on; knows no family."""
