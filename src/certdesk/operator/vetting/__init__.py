"""Vetting by the operator: what waits, what is to be seen of it, and what was decided."""
