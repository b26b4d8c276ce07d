"""How tests start `hitzoo` in processes of its own."""
