"""HTTP: routing, limits, answers."""
