"""A summer landscape at noon: clouds near clipping, hazy hills, a farmhouse, trees, a dry-stone wall, tall grass."""
