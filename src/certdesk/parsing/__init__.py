"""Separate processes for slow parsers, with limited time and memory each."""
