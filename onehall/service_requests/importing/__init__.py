"""Service requests from another system's CSV export, by a profile that states every rule."""
