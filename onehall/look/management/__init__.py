"""Commands of the look room."""
