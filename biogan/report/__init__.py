"""biogan.report."""
