"""Inversion: the latent whose image comes closest to a given one."""
