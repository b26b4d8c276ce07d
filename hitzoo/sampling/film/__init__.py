"""Films: files that show images one after another, written frame by frame."""
