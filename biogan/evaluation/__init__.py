"""How generated records are judged: metrics, intervals, the protocol, the report."""
