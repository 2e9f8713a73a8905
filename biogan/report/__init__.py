"""The report of an evaluation: data, table, text, verdict."""
