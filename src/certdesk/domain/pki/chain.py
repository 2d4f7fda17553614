"""An uploaded certificate: a leaf and its issuers, and the private key of the leaf.

The checks are that these belong together and can be served: form, key, signatures, names of the
leaf. Nothing is checked about trust in the root, or whether the names could be ordered here; what
names and extensions say beyond that decides nothing.

Sources: RFC 7468 (PEM), RFC 5280 sections 4.1, 4.2 and 6.1.3; which refusal has which code is the
vendor's (error list of UploadCertificate).
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certdesk.domain.pki import chain_order, der, extensions, outline, pem, private_key
from certdesk.domain.pki.distinguished_name import COMMON_NAME, DistinguishedName
from certdesk.domain.pki.outline import CertificateOutline
from certdesk.domain.values import keys
from certdesk.domain.values.names import TEXT_LIMIT as NAME_LIMIT
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.texts import text_fault

TEXT_LIMIT = 64 * 1024
"""Most characters of a certificate and its chain together."""

CERTIFICATE_LIMIT = 20
"""Most certificates in one text."""

NAMES_LIMIT = 1000
"""Most names of one certificate."""

ELEMENTS_LIMIT = 300
"""Most elements of one certificate in DER, without those within extensions.

An EV certificate has some 150. A stored certificate is read again whenever it is shown.
"""

# The second is an older name of the first, which OpenSSL reads (RFC 7468, 5.1).
_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
# Later times cannot be shown in every time zone.
_LAST_YEAR = 9998


class ChainFault(enum.Enum):
    """What is wrong with an upload; the values say it for people."""

    UNREADABLE = "the text is not a readable certificate"
    INVALID = "the certificate cannot be used"
    NOT_A_CA = "the certificate is not a CA certificate"
    BROKEN_CHAIN = "a certificate did not issue the one before it"
    SM2 = "the certificate uses SM2"
    NO_KEY = "the private key is missing or unreadable"
    FOREIGN_KEY = "the private key belongs to another certificate"


class ChainRefused(ValueError):
    """The upload is refused.

    ``rule`` says why in plain words, without key material and without the certificate's text.
    """

    def __init__(self, fault: ChainFault, rule: str) -> None:
        """Keep the kind of fault for a code, and the rule for messages."""
        super().__init__(rule)
        self.fault = fault
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedChain:
    """A certificate that ``read`` has read and accepted."""

    leaf: bytes
    """DER."""
    chain: tuple[bytes, ...]
    """DER of its issuers in order, without a root; empty if none were uploaded."""
    root: bytes | None
    """DER of the self-signed certificate at the end, if one was uploaded."""
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
) -> UploadedChain:
    """Read PEM certificates, the leaf first and its issuers in any order, and the leaf's key.

    The last issuers may be missing, a root may be included, certificates may be repeated, and there
    may be other text around them. Raises ``ChainRefused`` and nothing else. It may take a second of
    CPU (``private_key.read``).
    """
    found = [_loaded(data, at) for at, data in enumerate(_blocks(certificates), start=1)]
    with _reading("the extensions of a certificate cannot be read (RFC 5280, 4.2)"):
        path = _path(found)
        is_ca = chain_order.is_ca(path[0])
    leaf, issuers = path[0], path[1:]
    lives = [_life(certificate) for certificate in path]
    self_issued = issuers and chain_order.may_have_issued(issuers[-1], issuers[-1])
    root = issuers.pop() if self_issued else None
    public_key = _public_key(leaf)
    domain, names = _all_names(leaf)
    begins_at, ends_at = lives[0]
    return UploadedChain(
        leaf=leaf.data,
        chain=tuple(issuer.data for issuer in issuers),
        root=root.data if root else None,
        is_ca=is_ca,
        private_key=_matching_key(public_key, private_key, password),
        domain=domain,
        names=names,
        begins_at=begins_at,
        ends_at=ends_at,
        serial=_serial(leaf),
        key=keys.describe(public_key),
        spki_sha256=keys.spki_sha256(public_key),
    )


def for_server(chain: UploadedChain) -> UploadedChain:
    """Return a chain that a server can use: it has its key. Raises ``ChainRefused``."""
    if chain.private_key is None:
        raise ChainRefused(ChainFault.NO_KEY, "a server certificate needs its private key")
    return chain


def for_ca(chain: UploadedChain) -> UploadedChain:
    """Return the chain of a CA's certificate, with or without its key. Raises ``ChainRefused``."""
    if not chain.is_ca:
        raise ChainRefused(ChainFault.NOT_A_CA, "the first certificate is not a CA certificate")
    return chain


@contextmanager
def _reading(rule: str, fault: ChainFault = ChainFault.UNREADABLE) -> Iterator[None]:
    """Turn any exception of the library into a refusal; it promises no list of classes."""
    try:
        yield
    except ChainRefused:
        raise
    except Exception as error:  # no narrower class covers what the library raises
        raise ChainRefused(fault, rule) from error


def _blocks(text: str) -> Iterator[bytes]:
    """Yield the content of each block; there may be OpenSSL's text around them."""
    if len(text) > TEXT_LIMIT:
        raise ChainRefused(ChainFault.UNREADABLE, f"takes at most {TEXT_LIMIT} characters")
    if "PRIVATE KEY-----" in text:
        raise ChainRefused(
            ChainFault.UNREADABLE, "contains a private key; send the key in its own parameter"
        )
    found = pem.blocks(text)
    if not found:
        rule = "contains no complete PEM block CERTIFICATE (RFC 7468, 5)"
        raise ChainRefused(ChainFault.UNREADABLE, rule)
    if len(found) > CERTIFICATE_LIMIT:
        raise ChainRefused(ChainFault.UNREADABLE, f"takes at most {CERTIFICATE_LIMIT} certificates")
    for at, block in enumerate(found, start=1):
        if block.label not in _LABELS:
            rule = f"block {at} is not CERTIFICATE (RFC 7468, 5)"
            raise ChainRefused(ChainFault.UNREADABLE, rule)
        data = pem.decoded(block.body)
        if not data:
            rule = f"block {at} is not valid base64 (RFC 4648, 3 and 4)"
            raise ChainRefused(ChainFault.UNREADABLE, rule)
        yield data


def _loaded(data: bytes, at: int) -> CertificateOutline:
    if der.crowded(data, ELEMENTS_LIMIT):
        rule = f"certificate {at} has more than {ELEMENTS_LIMIT} elements"
        raise ChainRefused(ChainFault.UNREADABLE, rule)
    try:
        der.check(data)
        certificate = outline.certificate(data)
    except (der.NotDer, outline.OutlineRefused) as refused:
        rule = f"certificate {at} is not well-formed (RFC 5280): {refused}"
        raise ChainRefused(ChainFault.UNREADABLE, rule) from None
    if certificate.sm2:
        raise ChainRefused(ChainFault.SM2, f"certificate {at} uses SM2")
    return certificate


def _path(found: Sequence[CertificateOutline]) -> list[CertificateOutline]:
    """Return the leaf and its issuers in order."""
    try:
        return chain_order.arranged(found)
    except chain_order.PathBroken as broken:
        raise ChainRefused(ChainFault.BROKEN_CHAIN, str(broken)) from None


def _public_key(leaf: CertificateOutline) -> keys.PublicKey:
    with _reading("the public key of the certificate cannot be read (RFC 5280, 4.1.2.7)"):
        public_key = leaf.key.public_key()
    if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ChainRefused(ChainFault.INVALID, "the key of the certificate must be RSA or ECC")
    return public_key


def _matching_key(
    public_key: keys.PublicKey, text: Secret | None, password: Secret | None
) -> bytes | None:
    if text is None:
        return None
    try:
        key = private_key.read(text, password)
    except private_key.KeyRefused as refused:
        raise ChainRefused(ChainFault.NO_KEY, refused.rule) from None
    if key.public_key() != public_key:
        raise ChainRefused(
            ChainFault.FOREIGN_KEY, "the private key does not belong to the first certificate"
        )
    return keys.private_key_pem(key)


def _serial(leaf: CertificateOutline) -> str:
    number = leaf.shell.serial_number
    if number <= 0:
        rule = "the serial number of the certificate is not positive (RFC 5280, 4.1.2.2)"
        raise ChainRefused(ChainFault.INVALID, rule)
    return f"{number:x}"


def _life(certificate: CertificateOutline) -> tuple[datetime, datetime]:
    """Return the begin and end of a certificate, if a reply can show these times."""
    with _reading("the times of a certificate cannot be read (RFC 5280, 4.1.2.5)"):
        told = link_of(certificate)
    if told.ends_at < told.begins_at:
        rule = "a certificate ends before it begins (RFC 5280, 4.1.2.5)"
        raise ChainRefused(ChainFault.INVALID, rule)
    if told.ends_at.year > _LAST_YEAR:
        raise ChainRefused(ChainFault.INVALID, f"a certificate ends after the year {_LAST_YEAR}")
    return told.begins_at, told.ends_at


def _all_names(leaf: CertificateOutline) -> tuple[str, tuple[str, ...]]:
    """Return the main name of a certificate, and all others."""
    common_names = [one.text for one in leaf.subject.of(COMMON_NAME) if one.text]
    alternative = _alternative_names(leaf)
    _refuse_unshowable((*common_names, *alternative))
    domain = next(iter((*common_names, *alternative)), "")
    others = dict.fromkeys(name for name in alternative if name != domain.lower())
    return domain, tuple(others)


def _alternative_names(leaf: CertificateOutline) -> list[str]:
    """Return DNS names and IP addresses; e-mail addresses, URIs and others are ignored."""
    value = leaf.values.get(extensions.ALTERNATIVE_NAMES)
    if value is None:
        return []
    try:
        names = [str(name).lower() for name in extensions.alternative_names(value)]
    except extensions.ExtensionRefused as refused:
        raise ChainRefused(
            ChainFault.UNREADABLE, f"the certificate cannot be read: {refused}"
        ) from None
    return [name for name in names if name]


def _refuse_unshowable(names: Sequence[str]) -> None:
    """Refuse names that are too long or do not print, as they are stored and shown."""
    if len(names) > NAMES_LIMIT:
        raise ChainRefused(ChainFault.INVALID, f"the certificate has more than {NAMES_LIMIT} names")
    for name in names:
        fault = text_fault(name, NAME_LIMIT)
        if fault is not None:
            raise ChainRefused(ChainFault.INVALID, f"a name of the certificate {fault}")


class Link(Record, kw_only=True):
    """One certificate of a chain: common names if there are any, SHA-1 in lower case."""

    subject: str
    issuer: str
    sha1: str
    begins_at: datetime
    ends_at: datetime


def link_of(certificate: outline.CertificateOutline) -> Link:
    """Return the description of one certificate."""
    return Link(
        subject=_shown(certificate.subject),
        issuer=_shown(certificate.issuer),
        sha1=hashlib.sha1(certificate.data, usedforsecurity=False).hexdigest(),
        begins_at=certificate.shell.not_valid_before_utc,
        ends_at=certificate.shell.not_valid_after_utc,
    )


def _shown(name: DistinguishedName) -> str:
    common = name.of(COMMON_NAME)
    return (common[0].text if common else None) or str(name)
