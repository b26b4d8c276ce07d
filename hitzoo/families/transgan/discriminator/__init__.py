"""TransGAN's multi-scale discriminator."""
