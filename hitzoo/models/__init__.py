"""THE FAMILIES: a trunk each, written by hand, built from a plan with no decision left."""
