"""Network families: a folder each with its plan, its module and its optimized form; the registry and what is common."""
