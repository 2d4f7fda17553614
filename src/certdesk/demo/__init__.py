"""The demonstration: orders from purchase to a certificate, on a desk that is gone at the end."""
