"""Validation of control over a domain name: challenges, CAA, where a look may go."""
