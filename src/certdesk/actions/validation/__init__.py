"""Proving the names of an order."""
