"""StyleGAN2's residual discriminator as published."""
