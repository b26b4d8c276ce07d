"""A trained generator rewritten for inference: other arithmetic, the same images (docs/decisions/0011)."""
