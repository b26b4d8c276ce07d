"""StyleSwin's discriminator of wavelet coefficients."""
