"""Leg 1: a file becomes a `Frame`."""
