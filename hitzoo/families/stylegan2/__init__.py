"""StyleGAN2's residual discriminator, as HiT trains against."""
