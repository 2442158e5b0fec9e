"""The engine: cases, moves, clocks, routing, the timeline and its photos."""
