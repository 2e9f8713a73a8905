"""Constraints on sequences: what must, and what must not, stand in them."""
