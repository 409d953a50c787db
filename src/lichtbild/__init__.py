"""Lichtbild: a software camera. Raw frames or bursts in, finished photographs out."""

__version__ = "0.1.0"
