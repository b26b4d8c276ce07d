"""R3GAN's generator."""
