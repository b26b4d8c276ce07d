"""CIPS: every pixel of its own, from its coordinates (Anokhin et al. 2021)."""
