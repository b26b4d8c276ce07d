"""StyleGAN2's generator: modulated convolutions, noise from the seed, and images added up over the resolutions."""
