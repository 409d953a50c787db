"""Leg 3: a `Frame` becomes a scene-linear `Scene`."""
