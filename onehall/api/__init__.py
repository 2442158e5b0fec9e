"""The door for other systems and for open pages: health and the live stream."""
