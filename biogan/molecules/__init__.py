"""Molecules as a kind of data: files of SMILES, token strings, metrics of chemistry."""
