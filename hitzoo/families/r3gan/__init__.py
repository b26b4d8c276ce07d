"""R3GAN's networks (Huang et al. 2024): residual blocks of grouped convolutions, without norms and tricks."""
