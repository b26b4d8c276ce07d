"""INR-GAN: layers on pixels alone, with coordinates and maps of doubling resolution (Skorokhodov et al. 2021)."""
