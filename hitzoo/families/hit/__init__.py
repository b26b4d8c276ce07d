"""HiT's generator: Zhao et al., "Improved Transformer for High-Resolution GANs", NeurIPS 2021."""
