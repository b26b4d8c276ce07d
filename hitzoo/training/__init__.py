"""HOW IT LEARNS: objective, penalties, one step as pure tensors, and the loop around it."""
