"""Tests of the insights room."""
