"""Statements of other systems taken in from CSV files, by profiles that are data."""
