"""What one person told the city: their words and photos, duplicates, messages and feedback."""
