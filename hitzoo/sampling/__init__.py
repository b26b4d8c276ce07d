"""Sampling: generators, latents, grids, large images by tiles."""
