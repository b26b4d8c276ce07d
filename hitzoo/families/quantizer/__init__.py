"""Quantizers of a map of numbers: `vq`, `simvq`, `fsq` and `lfq`."""
