"""Cities, areas, streets and addresses; finding a place, drawing the map."""
