"""Device code in Triton's language: the only files that import Triton.

Capitals are compile-time constants. A pointer is to the first number of a contiguous tensor.

What differs by a compile-time constant stands in `if` and `else`, with one `return` behind both: Triton compiles what
follows a branch that returns, though it is never reached.
"""
