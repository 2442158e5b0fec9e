"""No models and no words of a city: clock, ids, cells, chain, calendars, files, photos, the embedded server."""
