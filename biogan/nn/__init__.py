"""Networks: layers, and the generators and critics of sequences, images and structures."""
