"""Looks for the proofs of control over a name, from outside: DNS records, files, CAA.

And adds the DNS records by itself where a zone lets it (`update`).
"""
