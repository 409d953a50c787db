"""A still life in window light: fruit, ceramics, foliage, woven cloth, a chart of 24 patches, a head of clay."""
