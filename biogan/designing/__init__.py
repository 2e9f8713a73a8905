"""Design: search for sequences with a property, and a check that was never optimised."""
