"""biogan.baselines."""
