"""Images: data sets, files, features, metrics."""
