"""Experiment trackers, each by its own library: a run tells them what it writes itself."""
