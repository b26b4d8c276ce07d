"""Examination of a machine: what is installed, which devices there are, and whether each computes what it should.

The command's process never loads torch: a worker process does, so that a library that ends its process, or hangs, is
one failed check in the report (`worker`, `examination`). Checks are in `checks`, facts in one file per subject.
"""
