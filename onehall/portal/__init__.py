"""The residents' door: report, follow, answer, find."""
