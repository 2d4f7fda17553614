"""Processes of their own for parsers that take long, with little time and memory each."""
