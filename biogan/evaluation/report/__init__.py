"""Reports: results, their text, their HTML page, and the drawings."""
