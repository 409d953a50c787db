"""Leg 2: a `Burst` becomes one better `Frame`."""
