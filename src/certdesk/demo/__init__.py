"""The demonstration: orders from purchase to a certificate, on a temporary desk."""
