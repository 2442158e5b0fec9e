"""Sheets of paper: what stands on them as plain values, drawn as a page to print and as a PDF."""
