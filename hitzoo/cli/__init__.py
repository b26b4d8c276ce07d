"""THE COMMAND LINE: one verb a file; each parses, calls the library once, and renders."""
