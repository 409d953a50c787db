"""Frames: a border around a finished picture, typeset from its own metadata."""
