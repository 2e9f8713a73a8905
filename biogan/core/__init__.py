"""What every layer uses: errors, options, random streams, files, text, labels, protocols."""
