"""Sets of sequences: in memory, split, embedded."""
