"""How a city is changed without a programmer: the draft, its check, publishing, and who changed what."""
