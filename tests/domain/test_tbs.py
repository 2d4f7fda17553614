"""The to-be-signed part of a certificate: read, and put together with a signature."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.domain.pki import tbs
from tests import chains


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    """A certificate that another signer has put together."""
    return chains.intermediate().certificate


def test_a_certificate_is_put_together_byte_for_byte(certificate: x509.Certificate) -> None:
    """From what was signed and the signature, as the library that signed it did."""
    made = tbs.assemble(certificate.tbs_certificate_bytes, certificate.signature)

    assert made == certificate.public_bytes(Encoding.DER)


def test_what_is_to_be_signed_is_read_before_there_is_a_signature(
    certificate: x509.Certificate,
) -> None:
    """All but the signature is there."""
    read = tbs.read(certificate.tbs_certificate_bytes)

    assert read.tbs_certificate_bytes == certificate.tbs_certificate_bytes
    assert (read.subject, read.signature) == (certificate.subject, b"")


@pytest.mark.parametrize(
    "data", [b"", b"\x30\x00", b"\x04\x01a", b"nonsense", b"\x30\x06\x02\x01\x00\x02\x01\x01"]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    """With a ValueError, whatever they are."""
    with pytest.raises(ValueError):  # noqa: PT011 -- each has its own words
        tbs.read(data)


def test_bytes_after_the_end_are_refused(certificate: x509.Certificate) -> None:
    """They would be signed."""
    with pytest.raises(ValueError, match="not one element"):
        tbs.assemble(certificate.tbs_certificate_bytes + b"\x05\x00", b"")
