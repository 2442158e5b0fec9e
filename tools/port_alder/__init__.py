"""Draws the made-up city of Port Alder: `python -m tools.port_alder` rewrites its geography.

The town is fictional. Its coordinates lie in open sea off a Pacific coast, so that no real street is contradicted.
Everything is planned in metres (x east, y north) around the Fish Market and turned into degrees at the very end.
"""
