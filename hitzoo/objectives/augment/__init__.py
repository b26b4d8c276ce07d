"""Augmentation of images before the discriminator judges them: random, differentiable, on the device.

B images per batch, C channels, R pixels per side, in [-1, 1]. Every random number is drawn on the CPU, for the global
batch, so that results depend neither on the device nor on processes and micro-batches. Colour acts on the first three
channels and leaves transparency alone.
"""
