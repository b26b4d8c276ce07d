"""TransGAN: a generator and a discriminator of transformer blocks (Jiang et al. 2021, arXiv 2102.07074)."""
