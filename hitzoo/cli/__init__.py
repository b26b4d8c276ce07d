"""THE COMMAND LINE: one verb per file; each parses, calls the library once, and prints."""
