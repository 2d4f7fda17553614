"""Accounts: their keys, policies, quotas, and the log of what they did."""
