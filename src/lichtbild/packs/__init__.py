"""Packs: looks, modes, lens renderings and frames that others publish; data alone, read as from a stranger."""
