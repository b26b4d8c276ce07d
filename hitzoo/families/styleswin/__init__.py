"""Staged style-based transformer generators: StyleSwin, and StyleNAT by other head groups."""
