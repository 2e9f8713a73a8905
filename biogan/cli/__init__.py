"""biogan.cli."""
