"""Rows of the catalogue of layers, by family."""
