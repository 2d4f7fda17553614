"""The worst certificate signing requests and DER: each case is at its limit."""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from certdesk.domain.pki import csr, der, extensions
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind, PublicKey
from certdesk.wire.model import Pem as PemText
from tests import chains
from tests.costs_kinds import Case, Worst, hostile, listing
from tests.domain import csr_texts

PEM_LIMIT = typing.get_args(PemText)[1].max_length


def asked(*general: x509.GeneralName) -> str:
    """Write a request for names, from as many as its limit lets through on."""
    return csr_texts.request(*general)


def signed_by(public_key: bytes) -> str:
    """Write a request with a key of one's own making; its signature is of another."""
    tbs = der.encode(
        0x30,
        der.encode(0x02, b"\0") + der.encode(0x30, b"") + public_key + der.encode(0xA0, b""),
    )
    algorithm = der.encode(0x30, bytes.fromhex("06092a864886f70d01010b0500"))
    whole = der.encode(0x30, tbs + algorithm + der.encode(0x03, b"\0" + b"\1" * 512))
    return csr_texts.pem(whole)


def rsa_public(modulus: int, exponent: int) -> bytes:
    """Write the SubjectPublicKeyInfo of an RSA key, of whatever numbers."""
    numbers = b"".join(
        der.encode(0x02, number.to_bytes(number.bit_length() // 8 + 1))
        for number in (modulus, exponent)
    )
    algorithm = der.encode(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return der.encode(0x30, algorithm + der.encode(0x03, b"\0" + der.encode(0x30, numbers)))


def crowded_requests() -> Iterator[tuple[str, str]]:
    """Give requests with many names, attributes and elements."""
    distinguished = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")] * 40)
    yield "names", asked(*[x509.DNSName("a" * 17)] * 990)
    yield "empty names", asked(*[x509.DNSName("")] * 990)
    yield "too many names", asked(*[x509.DNSName("")] * 11_000)
    yield "identifiers", asked(*[x509.RegisteredID(x509.ObjectIdentifier("1.2"))] * 990)
    yield "directory names", asked(*[x509.DirectoryName(distinguished)] * 6)
    yield "empty directory names", asked(*[x509.DirectoryName(x509.Name([]))] * 450)
    subject = ((NameOID.COMMON_NAME, "a"),) * 240
    yield "common names", csr_texts.request(subject=subject)
    extensions = tuple(
        x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.{number}"), b"")
        for number in range(320)
    )
    yield "extensions", csr_texts.request(extensions=extensions)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    for number in range(240):
        builder = builder.add_attribute(x509.ObjectIdentifier(f"1.2.{number}"), b"a")
    made = builder.sign(csr_texts.KEY, hashes.SHA256())
    yield "attributes", made.public_bytes(Encoding.PEM).decode()


def odd_keys() -> Iterator[tuple[str, str]]:
    """Give requests whose keys are large or of other kinds."""
    huge = (1 << 180_000) + 1
    yield "a huge modulus", signed_by(rsa_public(huge, 65537))
    yield "a huge exponent", signed_by(rsa_public((1 << 4095) + 1, (1 << 150_000) + 1))
    yield (
        "an exponent of the modulus' size",
        signed_by(rsa_public((1 << 4095) + 1, (1 << 4094) + 1)),
    )
    yield "an honest size", signed_by(rsa_public((1 << 4095) + (1 << 2048) + 1, 65537))
    other = dsa.generate_private_key(2048).public_key()
    yield "DSA", signed_by(keys_spki(other))
    yield "P-521", csr_texts.request(key=ec.generate_private_key(ec.SECP521R1()))
    yield "RSA 4096", csr_texts.request(key=chains.key_of(KeyKind.RSA_4096))


def keys_spki(key: PublicKeyTypes) -> bytes:
    """Write the SubjectPublicKeyInfo of any key."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def requests() -> Iterator[Case]:
    """Requests, and texts that are none."""
    small = der.encode(0x30, der.encode(0x05, b"") * 11_900)
    deep = functools.reduce(lambda inner, _: der.encode(0x30, inner), range(31), b"")
    shaped = {
        "nulls": csr_texts.pem(small),
        "deep": csr_texts.pem(der.encode(0x30, deep * 380)),
        "text around": "\n".join(["Certificate Request:"] * 1_400) + "\n" + asked(),
        "an identifier": csr_texts.pem(
            der.encode(0x30, der.encode(0x06, b"\x81" * 23_000 + b"\1"))
        ),
        "blanks": "-----BEGIN CERTIFICATE REQUEST-----" + " " * 32_000,
        "lines": "-----BEGIN CERTIFICATE REQUEST-----\n" + "\n" * 32_000,
        "begins": "-----BEGIN" * 3_200,
        "ends of lines": "\r" * csr.TEXT_LIMIT,
    }
    for name, text in (*crowded_requests(), *odd_keys(), *shaped.items()):
        yield Case(name, csr.parse, text)
    for text in hostile(PEM_LIMIT):
        yield Case(text[:12], csr.parse, text)


def contents() -> Iterator[tuple[str, bytes]]:
    """Give DER of 24 KB: what a text of 32 KiB holds."""
    yield "nulls", der.encode(0x05, b"") * 12_000
    yield "in one", der.encode(0x30, der.encode(0x05, b"") * 11_900)
    deep = functools.reduce(lambda inner, _: der.encode(0x30, inner), range(6_000), b"")
    yield "deep", deep[:24_000]
    yield (
        "deeper",
        functools.reduce(lambda inner, _: der.encode(0x30, inner), range(990), b"a" * 20_000),
    )
    yield "an identifier", der.encode(0x06, b"\x81" * 23_000 + b"\1")
    yield "bits", der.encode(0x03, b"\0" + b"\x81" * 23_000)


def checked() -> Iterator[Case]:
    """All elements, and where they break a rule."""
    for name, data in contents():
        yield Case(name, der.check, data)


def counted() -> Iterator[Case]:
    """The same, counted."""
    for name, data in contents():
        yield Case(name, der.crowded, data)


def listed() -> Iterator[Case]:
    """As many elements as `der.check` lets through."""
    data = der.encode(0x05, b"") * der.ELEMENTS_LIMIT
    yield Case("nulls", listing, der.elements, data)


def weak_keys() -> Iterator[Case]:
    """Keys of the sizes that are looked at, and of all others."""
    found: list[PublicKey] = [
        chains.key_of(KeyKind.RSA_4096).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        rsa.RSAPublicNumbers(65537, (1 << 4095) + (1 << 2048) + 1).public_key(),
        rsa.RSAPublicNumbers(65537, (1 << 180_000) + 1).public_key(),
    ]
    for key in found:
        yield Case(keys.describe(key), keys.refuse_weak, key)


def alternative_names() -> Iterator[Case]:
    """As many names as `csr.parse` lets through, and one that fills all."""
    many = {
        "names": der.encode(0x82, b"a" * 17) * 990,
        "addresses": der.encode(0x87, b"\1" * 16) * 990,
        "others": der.encode(0x81, b"") * 990,
        "one": der.encode(0x82, b"a" * 23_000),
    }
    for name, content in many.items():
        yield Case(name, extensions.alternative_names, der.encode(0x30, content))


CSR: Worst = {
    "domain.pki.csr.parse": requests,
    "domain.pki.der.check": checked,
    "domain.pki.der.crowded": counted,
    "domain.pki.der.elements": listed,
    "domain.pki.extensions.alternative_names": alternative_names,
    "domain.values.keys.refuse_weak": weak_keys,
}
