"""Frozen networks with weights of others: found by file and hash, never trained, never stored with a model."""
