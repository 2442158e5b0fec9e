"""Drawing a city's map: what is on it (scene), its colors, its letters, where names go, and the painting itself."""
