"""The staff's door: inbox, case, work in the street."""
