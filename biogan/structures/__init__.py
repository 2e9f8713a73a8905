"""Protein structures as C-alpha coordinates: reading, distances, back to space, judging."""
