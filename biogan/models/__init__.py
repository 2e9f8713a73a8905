"""Generative adversarial networks over a kind of data: fit, sample, score, save, load."""
