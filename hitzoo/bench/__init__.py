"""Measurements: interleaved timing, ceilings, roofline, resolution."""
