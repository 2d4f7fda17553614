"""Looks for the proofs of control over a name, from outside: DNS records, files, CAA.

And the DNS providers, by which the desk adds the records itself where a zone lets it.
"""
