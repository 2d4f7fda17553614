"""Validation of the names of an order: challenges, checks, DNS_AUTO."""
