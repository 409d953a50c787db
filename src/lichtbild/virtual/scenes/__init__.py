"""The scenes that the virtual camera has built in, one file each, all painted by computation."""
