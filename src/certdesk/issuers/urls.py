"""The public URLs of the private CA's certificates, CRLs and OCSP responder."""

from __future__ import annotations

PATH = "/pki"


class PublicUrls:
    """URLs below a base, which is final once the desk listens."""

    def __init__(self, base: str) -> None:
        """Begin with the base from the settings: a URL with or without a path."""
        self.base = base

    def certificate(self, name: str) -> str:
        """Return the URL of an authority's certificate, in DER."""
        return f"{self.base.rstrip('/')}{PATH}/{name}.crt"

    def crl(self, name: str) -> str:
        """Return the URL of an authority's newest CRL, in DER."""
        return f"{self.base.rstrip('/')}{PATH}/{name}.crl"

    def ocsp(self) -> str:
        """Return the URL of the OCSP responder."""
        return f"{self.base.rstrip('/')}{PATH}/ocsp"
