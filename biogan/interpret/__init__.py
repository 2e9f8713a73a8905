"""Explanation: what tells two sets of records apart, the motifs behind it, and latent walks."""
