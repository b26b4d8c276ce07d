"""The convolutional generator that HiT is compared with (paper, table 2)."""
