"""Sheets of paper: the parts they are made of, and the PDF that is drawn from these."""
