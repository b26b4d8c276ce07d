"""Terms of a loss, one per file: adversarial losses and penalties alike."""
