"""A made-up city's past: 18 months of reports, worked by its staff through its own flows.

Everything follows from the seed and the moment it is told to end at; nothing is fetched. It goes in
through the bulk loader, so nobody is told.
"""
