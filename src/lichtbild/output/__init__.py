"""Leg 5: a `Picture` becomes a file."""
