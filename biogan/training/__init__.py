"""The adversarial training of any pair of networks: losses, steps, the loop, stability."""
