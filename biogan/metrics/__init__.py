"""biogan.metrics."""
