"""Which light a scene was photographed in: interchangeable estimators on linear camera data."""
