"""The command line: run it, set up cities, import, look for trouble."""
