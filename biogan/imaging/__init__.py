"""The image GAN and what belongs to it: features, fitting, judging."""
