"""Where the world fetches the private CA's certificates and CRLs, and asks for their status."""

from __future__ import annotations

PATH = "/pki"


class PublicUrls:
    """Addresses below a base, which is known for sure once the desk listens."""

    def __init__(self, base: str) -> None:
        """Begin with the base that the settings give: a URL with or without a path."""
        self.base = base

    def certificate(self, name: str) -> str:
        """Return the address of an authority's certificate, in DER."""
        return f"{self.base.rstrip('/')}{PATH}/{name}.crt"

    def crl(self, name: str) -> str:
        """Return the address of an authority's newest CRL, in DER."""
        return f"{self.base.rstrip('/')}{PATH}/{name}.crl"

    def ocsp(self) -> str:
        """Return the address at which the status of a certificate is asked for."""
        return f"{self.base.rstrip('/')}{PATH}/ocsp"
