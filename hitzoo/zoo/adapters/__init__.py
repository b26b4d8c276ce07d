"""Foreign checkpoints: the only place where foreign names appear, one file a source."""
