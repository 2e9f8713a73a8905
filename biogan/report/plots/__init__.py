"""The drawings of a report: each function takes arrays and returns the text of one inline SVG."""
