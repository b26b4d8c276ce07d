"""Projected GAN's discriminator: small heads on the mixed features of a frozen network."""
