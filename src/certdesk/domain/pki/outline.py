"""CSRs and certificates from outside: the parts that matter, read by structure, and signatures.

The library reads all of a CSR or certificate or none of it, and is strict about names and
extensions that the desk ignores. So it gets a shell, which is the same without these, and reads the
key, the times and the algorithm of the signature from that. The signed bytes are kept as they came,
and the signature is checked over them.

Sources: RFC 2986 section 4, RFC 5280 sections 4.1 and 6.1.3, RFC 5758.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certdesk.domain.pki import der, distinguished_name, extensions
from certdesk.domain.pki.distinguished_name import DistinguishedName
from certdesk.domain.values.record import Record

RSA, RSASSA_PSS, EC = map(
    der.identifier, ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.10045.2.1")
)
_SM2_CURVE = der.identifier("1.2.156.10197.1.301")
_SM2_SIGNATURE = der.identifier("1.2.156.10197.1.501")
# The signatures of ECDSA with SHA-2, whose parameters are absent (RFC 5758, 3.2).
_ECDSA = der.identifier("1.2.840.10045.4.3")
# RFC 2985 5.4.2, and the one that Windows wrote before it.
_EXTENSION_REQUESTS = (
    der.identifier("1.2.840.113549.1.9.14"),
    der.identifier("1.3.6.1.4.1.311.2.1.14"),
)

_ATTRIBUTES = _VERSION = 0xA0
_UNIQUE = (0x81, 0x82)
_EXTENSIONS = 0xA3
_EMPTY = der.encode(der.SEQUENCE, b"")
_NO_BITS_UNUSED = b"\x00"


class OutlineRefused(ValueError):
    """Bytes are not a CSR or certificate, or break a rule; the text says which rule."""


class _Signed(Record, kw_only=True):
    """The common parts of a CSR and a certificate (RFC 5280, 4.1.1)."""

    content: der.Element
    parts: tuple[der.Element, ...]
    algorithm: der.Element
    signature: der.Element

    @property
    def whole_bytes(self) -> bool:
        """Whether the signature is whole bytes; the library ignores unused bits."""
        return self.signature.content[:1] == _NO_BITS_UNUSED

    def around(self, *parts: bytes) -> bytes:
        """Return the shell with these parts as its content."""
        content = der.encode(der.SEQUENCE, b"".join(parts))
        return der.encode(der.SEQUENCE, content + self.algorithm.whole + self.signature.whole)


class Key(Record, kw_only=True):
    """A SubjectPublicKeyInfo: the identifier of its algorithm, its parameters, and all of it."""

    algorithm: bytes
    parameters: der.Element | None
    data: bytes

    def public_key(self) -> object:
        """Return the key as the library reads it; raises whatever the library does."""
        return load_der_public_key(self.data)


class RequestOutline(Record, kw_only=True):
    """A PKCS#10 request. `asked` are its lists of extensions; one is allowed."""

    content: bytes
    subject: DistinguishedName
    key: Key
    asked: tuple[der.Element, ...]
    shell: bytes


class CertificateOutline(Record, kw_only=True):
    """A certificate. `names` has its issuer and its subject as they were written.

    `signed` is whether its signature is well-formed: whole bytes, and of the algorithm that was
    signed.
    """

    data: bytes
    content: bytes
    issuer: DistinguishedName
    subject: DistinguishedName
    names: tuple[bytes, bytes]
    key: Key
    values: dict[bytes, bytes]
    signed: bool
    sm2: bool
    shell: x509.Certificate


def request(data: bytes) -> RequestOutline:
    """Return a CSR that ``der.check`` has accepted; raises ``OutlineRefused``."""
    with _form("it is not three elements: content, algorithm, signature (RFC 2986, 4.2)"):
        signed = _signed(data)
    if not signed.whole_bytes:
        raise OutlineRefused("its signature is not a whole number of bytes (RFC 2986, 4.2)")
    with _form("its content is not version, subject, key and attributes (RFC 2986, 4.1)"):
        version, subject, key, attributes = signed.parts
        _require_tags(signed.parts, der.INTEGER, der.SEQUENCE, der.SEQUENCE, _ATTRIBUTES)
    if version.content != b"\x00":
        raise OutlineRefused("its version is not 0 (RFC 2986, 4.1)")
    with _form("the key is not algorithm and bits (RFC 5280, 4.1.2.7)"):
        read_key = _key(key)
    with _form("its attributes are not a type and a set each (RFC 2986, 4.1)"):
        asked = tuple(_asked(attributes))
    return RequestOutline(
        content=signed.content.whole,
        subject=_name(subject),
        key=read_key,
        asked=asked,
        shell=signed.around(version.whole, _EMPTY, key.whole, der.encode(_ATTRIBUTES, b"")),
    )


def certificate(data: bytes) -> CertificateOutline:
    """Return a certificate that ``der.check`` has accepted, now or earlier.

    Raises ``OutlineRefused``. The values of the extensions that are used are not parsed yet.
    """
    with _form("it is not three elements: content, algorithm, signature (RFC 5280, 4.1.1)"):
        signed = _signed(data)
    with _form("its content is not that of a certificate (RFC 5280, 4.1)"):
        version, fields, rest = _fields(signed.parts)
        serial, algorithm, issuer, times, subject, key = fields
        listed = _extensions(rest)
    with _form("the key is not algorithm and bits (RFC 5280, 4.1.2.7)"):
        read_key = _key(key)
    shell = signed.around(
        version, serial.whole, algorithm.whole, _EMPTY, times.whole, _EMPTY, key.whole
    )
    with _form("its version, serial number, times or algorithm cannot be read (RFC 5280, 4.1.2)"):
        read_shell = x509.load_der_x509_certificate(shell)
    return CertificateOutline(
        data=data,
        content=signed.content.whole,
        issuer=_name(issuer),
        subject=_name(subject),
        names=(issuer.whole, subject.whole),
        key=read_key,
        values=listed,
        signed=signed.whole_bytes and algorithm == signed.algorithm,
        sm2=_is_sm2(read_key, algorithm),
        shell=read_shell,
    )


def require_signature(
    shell: x509.Certificate | x509.CertificateSigningRequest, content: bytes, public_key: object
) -> None:
    """Check a signature over content.

    Raises ``InvalidSignature``, and anything that the library raises for an algorithm that it does
    not know or that does not fit the key.
    """
    parameters, digest = shell.signature_algorithm_parameters, shell.signature_hash_algorithm
    if isinstance(public_key, rsa.RSAPublicKey) and digest is not None:
        public_key.verify(shell.signature, content, parameters, digest)  # type: ignore[arg-type]  # the library refuses those of other keys
    elif isinstance(public_key, ec.EllipticCurvePublicKey):
        public_key.verify(shell.signature, content, parameters)  # type: ignore[arg-type]  # likewise
    elif isinstance(public_key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        if parameters is not None or digest is not None:
            raise InvalidSignature
        public_key.verify(shell.signature, content)
    else:
        raise InvalidSignature


def require_issued(subject: CertificateOutline, issuer: CertificateOutline) -> None:
    """Check that a certificate was signed by another one's key, and names it (RFC 5280, 6.1.3).

    Raises what ``require_signature`` raises.
    """
    if subject.names[0] != issuer.names[1] or not subject.signed:
        raise InvalidSignature
    require_signature(subject.shell, subject.content, issuer.key.public_key())


@contextmanager
def _form(rule: str) -> Iterator[None]:
    """Turn missing parts, and any exception of the library, into ``OutlineRefused(rule)``."""
    try:
        yield
    except OutlineRefused:
        raise
    except extensions.ExtensionRefused as refused:
        raise OutlineRefused(str(refused)) from None
    except Exception as error:  # the library promises no list of classes
        raise OutlineRefused(rule) from error


def _signed(data: bytes) -> _Signed:
    (whole,) = der.elements(data)
    _require_tags((whole,), der.SEQUENCE)
    content, algorithm, signature = der.parts(whole, der.SEQUENCE, der.SEQUENCE, der.BIT_STRING)
    _refuse_parameters(algorithm)
    parts = tuple(der.elements(content.content))
    return _Signed(content=content, parts=parts, algorithm=algorithm, signature=signature)


def _refuse_parameters(algorithm: der.Element) -> None:
    identifier, *parameters = der.elements(algorithm.content)
    if parameters and identifier.content.startswith(_ECDSA):
        raise OutlineRefused("an algorithm of ECDSA has parameters (RFC 5758, 3.2)")


def _key(element: der.Element) -> Key:
    algorithm, _ = der.parts(element, der.SEQUENCE, der.BIT_STRING)
    identifier, *parameters = der.elements(algorithm.content)
    _require_tags((identifier,), der.IDENTIFIER)
    return Key(
        algorithm=identifier.content,
        parameters=parameters[0] if parameters else None,
        data=element.whole,
    )


def _asked(attributes: der.Element) -> Iterator[der.Element]:
    """Yield the lists of extensions; of all other attributes only the form is checked.

    The order of the attributes in the set (X.690, 11.6) does not change their meaning.
    """
    for attribute in der.elements(attributes.content):
        _require_tags((attribute,), der.SEQUENCE)
        kind, values = der.parts(attribute, der.IDENTIFIER, der.SET)
        if kind.content in _EXTENSION_REQUESTS:
            listed = list(der.elements(values.content))
            if len(listed) != 1:
                raise OutlineRefused("a request for extensions has one value (RFC 2985, 5.4.2)")
            yield listed[0]


def _fields(
    parts: tuple[der.Element, ...],
) -> tuple[bytes, tuple[der.Element, ...], tuple[der.Element, ...]]:
    """Return the version, the six fields that are always there, and what may follow them."""
    version = parts[0].whole if parts[0].tag == _VERSION else b""
    rest = parts[1:] if version else parts
    _require_tags(
        rest[:6], der.INTEGER, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE
    )
    return version, rest[:6], rest[6:]


def _extensions(rest: tuple[der.Element, ...]) -> dict[bytes, bytes]:
    """Return the extensions, which come after the unique identifiers that nobody uses."""
    tags = [each.tag for each in rest]
    if tags != sorted(set(tags)) or not set(tags) <= {*_UNIQUE, _EXTENSIONS}:
        raise OutlineRefused("its content has elements that no certificate has (RFC 5280, 4.1)")
    if not rest or rest[-1].tag != _EXTENSIONS:
        return {}
    (listed,) = der.elements(rest[-1].content)
    return extensions.read(listed, extensions.OF_CERTIFICATES)


def _name(element: der.Element) -> DistinguishedName:
    try:
        return distinguished_name.read(element)
    except ValueError as refused:
        raise OutlineRefused(str(refused)) from None


def _is_sm2(key: Key, algorithm: der.Element) -> bool:
    curve = key.parameters is not None and key.parameters.content == _SM2_CURVE
    signature, *_ = der.elements(algorithm.content)
    return curve or signature.content == _SM2_SIGNATURE


def _require_tags(found: tuple[der.Element, ...], *tags: int) -> None:
    if tuple(each.tag for each in found) != tags:
        raise OutlineRefused("its elements are not those of its type (RFC 5280, 4.1)")
