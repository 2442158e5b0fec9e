"""Schema of messaging."""
