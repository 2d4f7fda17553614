"""Vetting by the operator: what waits for a review, its content, and the decisions."""
