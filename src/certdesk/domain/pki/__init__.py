"""Certificates, CSRs, CRLs and OCSP: read, checked and built (RFC 5280, RFC 6960)."""
