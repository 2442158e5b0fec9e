"""Made-up history of any size: what published figures of other cities say, lived by this city's own catalogue."""
