"""Metrics: small functions of a comparison, each with its direction, range and interval."""
