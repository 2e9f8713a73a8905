"""What every layer uses: errors, options, random streams, files, text, labels, protocols."""

#: Version of biogan; the package and its cards and reports say it.
__version__ = "0.2.0"
