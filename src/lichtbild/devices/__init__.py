"""Devices: what is known of a camera beyond what its files say. Data, found by make and model."""
