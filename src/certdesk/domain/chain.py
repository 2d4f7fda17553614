"""Certificates that were handed in: a leaf and its issuers, and the private key of the leaf.

What is checked is that these belong together and can be served: form, key, order, signatures.
Whether anybody trusts the root, or the names may be ordered here, is not.

Sources: RFC 7468 (PEM), RFC 5280 sections 4.1 and 4.2.1.9; which refusal has which code is the
vendor's (error list of UploadCertificate).
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certdesk.domain import der, handed_key, keys, pem
from certdesk.domain.certificates import link_of
from certdesk.domain.names import TEXT_LIMIT as NAME_LIMIT
from certdesk.domain.secret import Secret
from certdesk.domain.texts import text_fault

TEXT_LIMIT = 64 * 1024
"""Most characters of a certificate and its chain together."""

CERTIFICATE_LIMIT = 20
"""Most certificates in one text."""

NAMES_LIMIT = 1000
"""Most names of one certificate."""

ELEMENTS_LIMIT = 300
"""Most elements of one certificate in DER, those within extensions left out: an EV certificate has
some 150. What is kept is read again whenever it is shown."""

_PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----[ \t]*\n"
    r"(?P<body>[A-Za-z0-9+/=\n\t ]*)"
    r"-----END CERTIFICATE-----[ \t]*\n[ \t\n]*",
    re.ASCII,
)
# The curve sm2p256v1 and the signature SM2 with SM3, in DER: 1.2.156.10197.1.301 and .501.
_SM2 = (bytes.fromhex("06082a811ccf5501822d"), bytes.fromhex("06082a811ccf55018375"))
# Later times cannot be shown in every time zone.
_LAST_YEAR = 9998


class Fault(enum.Enum):
    """What is wrong with what was handed in; the values say it for people."""

    UNREADABLE = "the text is no certificate that can be read"
    INVALID = "the certificate cannot be used"
    NOT_A_CA = "the certificate is not a CA's"
    BROKEN_CHAIN = "a certificate did not issue the one before it"
    SM2 = "the certificate is of the SM2 standard"
    NO_KEY = "no private key is there, or it cannot be read"
    FOREIGN_KEY = "the private key is that of another certificate"


class ChainRefused(ValueError):
    """What was handed in is not accepted.

    ``rule`` says why in plain words, without key material and without the certificate's text.
    """

    def __init__(self, fault: Fault, rule: str) -> None:
        """Keep the kind of fault for a code, and the rule for messages."""
        super().__init__(rule)
        self.fault = fault
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedChain:
    """A certificate that was read and found good by ``read``."""

    leaf: bytes
    """DER."""
    chain: tuple[bytes, ...]
    """DER of its issuers in order, without a root; empty where none were handed in."""
    root: bytes | None
    """DER of the self-signed certificate at the end, where one was handed in."""
    is_ca: bool
    """Whether the leaf may issue certificates."""
    private_key: bytes | None = field(repr=False)
    """``keys.private_key_pem`` of the leaf's key."""
    domain: str
    """The common name, or else the first alternative name, or else ``""``."""
    names: tuple[str, ...]
    """The other DNS names and IP addresses in lower case, each once, in order."""
    begins_at: datetime
    ends_at: datetime
    serial: str
    """The serial number in lower-case hexadecimal."""
    key: str
    """``keys.describe`` of the public key: ``RSA 2048``."""
    spki_sha256: bytes
    """``keys.spki_sha256`` of the public key."""

    @property
    def sha1(self) -> str:
        """The leaf's SHA-1 fingerprint in lower-case hexadecimal, by which clients know it."""
        return hashlib.sha1(self.leaf, usedforsecurity=False).hexdigest()

    @property
    def sha256(self) -> str:
        """The leaf's SHA-256 fingerprint in lower-case hexadecimal."""
        return hashlib.sha256(self.leaf).hexdigest()


def read(
    certificates: str, private_key: Secret | None = None, password: Secret | None = None
) -> HandedChain:
    """Read PEM certificates, the leaf first and each followed by its issuer, and the leaf's key.

    Issuers may be left out from the end, and a root may be there. Raises ``ChainRefused`` and
    nothing else. It may take a second of CPU (``handed_key.read``).
    """
    path = [_loaded(data, at) for at, data in enumerate(_blocks(certificates), start=1)]
    for at in range(1, len(path)):
        _refuse_not_issued(path[at - 1], path[at], at)
    leaf, issuers = path[0], path[1:]
    lives = [_life(certificate) for certificate in path]
    root = issuers.pop() if issuers and _is_self_issued(issuers[-1]) else None
    public_key = _public_key(leaf)
    domain, names = _all_names(leaf)
    begins_at, ends_at = lives[0]
    return HandedChain(
        leaf=_der(leaf),
        chain=tuple(map(_der, issuers)),
        root=_der(root) if root else None,
        is_ca=_is_ca(leaf),
        private_key=_matching_key(public_key, private_key, password),
        domain=domain,
        names=names,
        begins_at=begins_at,
        ends_at=ends_at,
        serial=_serial(leaf),
        key=keys.describe(public_key),
        spki_sha256=keys.spki_sha256(public_key),
    )


def for_server(chain: HandedChain) -> HandedChain:
    """Give back what can be served: it has its key. Raises ``ChainRefused``."""
    if chain.private_key is None:
        raise ChainRefused(Fault.NO_KEY, "a server certificate needs its private key")
    return chain


def for_ca(chain: HandedChain) -> HandedChain:
    """Give back what is a CA's certificate, with or without its key. Raises ``ChainRefused``."""
    if not chain.is_ca:
        raise ChainRefused(Fault.NOT_A_CA, "the first certificate is not that of a CA")
    return chain


@contextmanager
def _reading(rule: str, fault: Fault = Fault.UNREADABLE) -> Iterator[None]:
    """Turn whatever the library raises into a refusal; it promises no list of classes."""
    try:
        yield
    except ChainRefused:
        raise
    except Exception as error:  # no narrower class covers what the library raises
        raise ChainRefused(fault, rule) from error


def _blocks(text: str) -> Iterator[bytes]:
    """Give the content of each block; between blocks there are only blanks and line ends."""
    if len(text) > TEXT_LIMIT:
        raise ChainRefused(Fault.UNREADABLE, f"takes at most {TEXT_LIMIT} characters")
    if "PRIVATE KEY-----" in text:
        raise ChainRefused(Fault.UNREADABLE, "holds a private key, which has its own place")
    uniform = pem.uniform(text)
    at, count = 0, 0
    while at < len(uniform):
        found = _PEM.match(uniform, at)
        data = pem.decoded(found["body"]) if found else None
        at, count = found.end() if found else at, count + 1
        if not data:
            raise ChainRefused(
                Fault.UNREADABLE,
                f"block {count} is not CERTIFICATE in PEM; nothing else may be there",
            )
        if count > CERTIFICATE_LIMIT:
            raise ChainRefused(Fault.UNREADABLE, f"takes at most {CERTIFICATE_LIMIT} certificates")
        yield data


def _loaded(data: bytes, at: int) -> x509.Certificate:
    if any(mark in data for mark in _SM2):
        raise ChainRefused(Fault.SM2, f"certificate {at} is of the SM2 standard")
    if der.crowded(data, ELEMENTS_LIMIT):
        rule = f"certificate {at} has more than {ELEMENTS_LIMIT} elements"
        raise ChainRefused(Fault.UNREADABLE, rule)
    with _reading(f"certificate {at} is not well-formed"):
        return x509.load_der_x509_certificate(data)


def _refuse_not_issued(subject: x509.Certificate, issuer: x509.Certificate, at: int) -> None:
    """Check that a certificate was issued by the one that follows it, which is a CA's."""
    if not _is_ca(issuer):
        rule = f"certificate {at + 1} is not that of a CA"
        raise ChainRefused(Fault.BROKEN_CHAIN, rule)
    with _reading(f"certificate {at + 1} did not issue certificate {at}", Fault.BROKEN_CHAIN):
        subject.verify_directly_issued_by(issuer)


def _is_self_issued(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except Exception:  # noqa: BLE001 -- as in `_reading`
        return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    """Whether its extensions let it issue (RFC 5280, 4.2.1.3 and 4.2.1.9); version 1 has none."""
    values = _extension_values(certificate)
    constraints = any(one.ca for one in values if isinstance(one, x509.BasicConstraints))
    usage = all(one.key_cert_sign for one in values if isinstance(one, x509.KeyUsage))
    return constraints and usage


def _extension_values(certificate: x509.Certificate) -> list[x509.ExtensionType]:
    with _reading("the extensions of a certificate cannot be read"):
        return [extension.value for extension in certificate.extensions]


def _public_key(leaf: x509.Certificate) -> keys.PublicKey:
    with _reading("the public key of the certificate cannot be read"):
        public_key = leaf.public_key()
    if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ChainRefused(Fault.INVALID, "the key of the certificate must be RSA or ECC")
    return public_key


def _matching_key(
    public_key: keys.PublicKey, text: Secret | None, password: Secret | None
) -> bytes | None:
    if text is None:
        return None
    try:
        key = handed_key.read(text, password)
    except handed_key.KeyRefused as refused:
        raise ChainRefused(Fault.NO_KEY, refused.rule) from None
    if key.public_key() != public_key:
        raise ChainRefused(
            Fault.FOREIGN_KEY, "the private key is not that of the first certificate"
        )
    return keys.private_key_pem(key)


def _serial(leaf: x509.Certificate) -> str:
    if leaf.serial_number <= 0:
        raise ChainRefused(Fault.INVALID, "the serial number of the certificate is not positive")
    return f"{leaf.serial_number:x}"


def _life(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """Give begin and end of a certificate that can be told of in a reply."""
    with _reading("the names of a certificate cannot be read"):
        told = link_of(certificate)
    if told.ends_at < told.begins_at:
        raise ChainRefused(Fault.INVALID, "a certificate ends before it begins")
    if told.ends_at.year > _LAST_YEAR:
        raise ChainRefused(Fault.INVALID, f"a certificate ends after the year {_LAST_YEAR}")
    return told.begins_at, told.ends_at


def _all_names(leaf: x509.Certificate) -> tuple[str, tuple[str, ...]]:
    """Give the name that a certificate is known by, and all others."""
    common_names = _common_names(leaf)
    alternative = _alternative_names(leaf)
    _refuse_unshowable((*common_names, *alternative))
    domain = next(iter((*common_names, *alternative)), "")
    others = dict.fromkeys(name for name in alternative if name != domain.lower())
    return domain, tuple(others)


def _common_names(leaf: x509.Certificate) -> list[str]:
    with _reading("the subject of the certificate cannot be read"):
        found = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        values = [attribute.value for attribute in found]
    return [value for value in values if isinstance(value, str) and value]


def _alternative_names(leaf: x509.Certificate) -> list[str]:
    """Give DNS names and IP addresses; e-mail addresses, URIs and others are passed over."""
    names = [
        str(name.value).lower()
        for value in _extension_values(leaf)
        if isinstance(value, x509.SubjectAlternativeName)
        for name in value
        if isinstance(name, x509.DNSName | x509.IPAddress)
    ]
    return [name for name in names if name]


def _refuse_unshowable(names: Sequence[str]) -> None:
    """Names are stored and shown, so they are bounded and hold nothing that does not print."""
    if len(names) > NAMES_LIMIT:
        raise ChainRefused(Fault.INVALID, f"the certificate has more than {NAMES_LIMIT} names")
    for name in names:
        fault = text_fault(name, NAME_LIMIT)
        if fault is not None:
            raise ChainRefused(Fault.INVALID, f"a name of the certificate {fault}")


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
