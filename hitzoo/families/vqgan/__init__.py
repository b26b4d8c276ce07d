"""The convolutional encoder and decoder of VQGAN."""
