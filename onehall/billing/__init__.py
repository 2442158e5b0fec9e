"""What the city is owed: fees by dated schedules."""
