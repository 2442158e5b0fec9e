"""Pages of the set-up: what the city offers and how it works, changed without a programmer."""
