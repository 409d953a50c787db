"""A virtual camera that shoots bursts whose truth is known."""
