"""Curves of runs: what a recipe's numbers looked like when we trained it, and how another run compares."""
