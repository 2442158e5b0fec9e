"""Fee schedules as data of a city pack, and what a schedule asks for: pure, exact, explained."""
