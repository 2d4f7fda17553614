"""Certificate signing requests for tests: byte by byte, and as the library writes them."""

from __future__ import annotations

import base64
import functools

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from certdesk.domain.pki import csr
from certdesk.domain.values import keys
from certdesk.domain.values.names import DomainName

# Fixed, so that every run works on the same bytes.
KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())

# --- a request byte by byte (RFC 2986), for what no builder lets one write --------------------


def tlv(tag: int, *parts: bytes) -> bytes:
    """Encode one DER element of less than 64 KiB."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(dotted: str) -> bytes:
    """Encode an object identifier whose arcs are below 2**21."""
    first, second, *arcs = map(int, dotted.split("."))
    body = bytes([first * 40 + second])
    for arc in arcs:
        groups = [arc >> 14 & 0x7F, arc >> 7 & 0x7F, arc & 0x7F]
        while len(groups) > 1 and groups[0] == 0:
            del groups[0]
        body += bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])
    return tlv(0x06, body)


def sequence(*parts: bytes) -> bytes:
    """Encode a SEQUENCE."""
    return tlv(0x30, *parts)


def common_name(value: bytes, tag: int = 0x0C) -> bytes:
    """Encode a relative distinguished name that holds one common name."""
    return tlv(0x31, sequence(oid("2.5.4.3"), tlv(tag, value)))


def extension(dotted: str, value: bytes) -> bytes:
    """Encode one extension that is not critical."""
    return sequence(oid(dotted), tlv(0x04, value))


def requested(*extensions: bytes, by: str = "1.2.840.113549.1.9.14") -> bytes:
    """Encode an attribute that asks for one list of extensions."""
    return sequence(oid(by), tlv(0x31, sequence(*extensions)))


SAN = extension("2.5.29.17", sequence(tlv(0x82, b"www.example.com")))
SHA_256 = sequence(oid("1.2.840.10045.4.3.2"))


def information(
    *attributes: bytes,
    version: bytes = b"\x00",
    subject: bytes = common_name(b"example.com"),
    spki: bytes | None = None,
) -> bytes:
    """Encode what is signed: version, subject, public key, attributes."""
    if spki is None:
        spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sequence(tlv(0x02, version), sequence(subject), spki, tlv(0xA0, *attributes))


def signed(content: bytes, algorithm: bytes = SHA_256) -> str:
    """Sign with the fixed key and SHA-256, and write as PEM."""
    signature = KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    return pem(sequence(content, algorithm, tlv(0x03, b"\x00", signature)))


def pem(der: bytes) -> str:
    """Write as PEM, whatever the bytes are."""
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n"


def der_of(text: str) -> bytes:
    """Decode a PEM request with the library's own reader."""
    return x509.load_pem_x509_csr(text.encode()).public_bytes(Encoding.DER)


# --- ordinary requests, written by the library ------------------------------------------------


def request(
    *alternative: x509.GeneralName,
    subject: tuple[tuple[x509.ObjectIdentifier, str], ...] = (
        (NameOID.COMMON_NAME, "example.com"),
    ),
    extensions: tuple[x509.ExtensionType, ...] = (),
    key: keys.PrivateKey | ed25519.Ed25519PrivateKey = KEY,
    algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA224 | None = None,
) -> str:
    """Write a PEM request with the names given, signed with SHA-256 unless said otherwise."""
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in subject])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if alternative:
        extensions = (x509.SubjectAlternativeName(alternative), *extensions)
    for value in extensions:
        builder = builder.add_extension(value, critical=False)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        made = builder.sign(key, None)
    else:
        made = builder.sign(key, algorithm or hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def dns(*names: str) -> tuple[x509.DNSName, ...]:
    """Make DNS names for a subject alternative name."""
    return tuple(x509.DNSName(name) for name in names)


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Make one RSA key for all tests that need one."""
    return rsa.generate_private_key(65537, bits)


def refusal(text: str) -> str:
    """Return the rule by which a text is refused."""
    with pytest.raises(csr.CsrRefused) as refused:
        csr.parse(text)
    assert str(refused.value) == refused.value.rule
    return refused.value.rule


def domain(text: str) -> DomainName:
    """Read a name."""
    return DomainName.parse(text)
