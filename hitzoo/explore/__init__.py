"""Exploration of a generator in a browser: a page on this machine, and the same page as files without a server."""
