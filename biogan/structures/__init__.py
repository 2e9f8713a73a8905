"""Protein structures: fragments, files, geometry, metrics."""
