"""Leg 4: a `Scene` becomes a display `Picture`."""
