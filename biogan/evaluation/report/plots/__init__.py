"""Drawings of a page as inline SVG."""
