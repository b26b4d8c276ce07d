"""QUALITY OF SAMPLES: metrics against real images, each number with its protocol."""
