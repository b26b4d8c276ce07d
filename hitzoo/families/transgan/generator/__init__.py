"""TransGAN's generator."""
