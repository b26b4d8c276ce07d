"""FROZEN NETWORKS WITH WEIGHTS OF OTHERS: found by file and hash, never trained, never stored with a model."""
