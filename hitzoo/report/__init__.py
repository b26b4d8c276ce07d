"""The report of training runs: one HTML page that needs nothing else, and its figures for papers."""
