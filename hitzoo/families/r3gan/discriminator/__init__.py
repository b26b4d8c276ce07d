"""R3GAN's discriminator."""
