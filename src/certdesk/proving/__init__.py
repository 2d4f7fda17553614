"""Looks for the proofs of control over a name, from outside: DNS records, files, CAA."""
