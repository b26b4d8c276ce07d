"""THE PLAN: every name, size and shape decided, as a value. Never imports torch."""
