"""FROM LATENTS TO PICTURES: a model loaded by name or folder, sampled by seed."""
