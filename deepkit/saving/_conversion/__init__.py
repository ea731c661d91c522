"""Rewrites files of models and weights in other formats."""
