"""Onehall: one system for a city and its residents."""
