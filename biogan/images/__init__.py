"""Images: what they are, how they are read and written, how they are judged."""
