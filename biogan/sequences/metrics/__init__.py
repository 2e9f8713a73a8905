"""Metrics of sequences, a module for each section of the report."""
