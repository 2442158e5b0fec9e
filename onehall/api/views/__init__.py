"""Views of the api room, a module per page."""
