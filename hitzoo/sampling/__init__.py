"""From a seed to a picture: generators, latents, grids, large images by tiles."""
