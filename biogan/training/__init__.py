"""The one trainer of all GANs."""
