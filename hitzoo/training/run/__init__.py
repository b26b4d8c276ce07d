"""A run: its folder, its loop, its checkpoints and its records."""
