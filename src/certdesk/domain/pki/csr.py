"""Certificate signing requests: read an uploaded one, match it to an order, build one.

Only the public key, the common name and the DNS names of a request are ever used. Everything else
that it asks for (a CA certificate, other names, key usages) is ignored.

Sources: RFC 2986 (PKCS#10), RFC 7468 (PEM), CA/Browser Forum Baseline Requirements 7.1.3.1 (key
encodings) and 7.1.3.2 (signature algorithms).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certdesk.domain.pki import der, distinguished_name, extensions, outline, pem
from certdesk.domain.values import keys
from certdesk.domain.values.addresses import Address
from certdesk.domain.values.names import NAME_LIMIT, DomainName, DomainRefused, ascii_form
from certdesk.domain.values.record import Record
from certdesk.domain.values.subject import Subject
from certdesk.domain.values.visible import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

TEXT_LIMIT = 32 * 1024
"""Most characters of a request that are read."""

_SHOWN = 64
_LABELS = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class CsrRefused(ValueError):
    """A request is refused, or cannot be built.

    ``rule`` says why in plain words. It holds no key material, and at most 64 printable characters
    of the request's own text.
    """

    def __init__(self, rule: str) -> None:
        """Keep the rule for messages."""
        super().__init__(rule)
        self.rule = rule


class CertificateRequest(Record, kw_only=True):
    """The used parts of a request that ``parse`` has read, verified and accepted."""

    pem: str
    """The PEM block alone, as it came, with ``\\n`` line ends."""
    common_name: str | None
    """The subject's common name as it stands there, or None."""
    dns_names: tuple[str, ...]
    """The DNS names of its subject alternative name in lower case, each once, in order."""
    public_key: keys.PublicKey
    spki_sha256: bytes
    """``keys.spki_sha256`` of the public key."""
    key: str
    """``keys.describe`` of the public key: ``RSA 2048``."""


def parse(text: str) -> CertificateRequest:
    """Read one PEM request and check everything that the request alone can show.

    Raises ``CsrRefused`` and nothing else: for its form, its key (``keys.refuse_weak``), its
    signature, its extensions, more than one common name, and IP addresses, which no order can have.
    """
    block = _one_block(text)
    request = _outlined(_decoded(block))
    public_key = _good_key(request.key)
    _verify(request, public_key)
    return CertificateRequest(
        pem=block.text,
        common_name=_common_name(request),
        dns_names=_dns_names(request),
        public_key=public_key,
        spki_sha256=keys.spki_sha256(public_key),
        key=keys.describe(public_key),
    )


def match(
    request: CertificateRequest,
    common_name: DomainName,
    names: Collection[DomainName],
) -> None:
    """Check that a request asks for nothing outside its order.

    Its common name, if it has one, must be ``common_name`` in any spelling (case, U-labels); each
    of its DNS names must be ``common_name`` or among ``names``. A wildcard covers only itself.
    Raises ``CsrRefused`` naming the first offender.
    """
    if request.common_name is not None and _ascii_or_none(request.common_name) != common_name.ascii:
        shown = _shown(request.common_name)
        raise CsrRefused(f"the common name of the CSR is {shown}, not {common_name}")
    allowed = {common_name.ascii, *(name.ascii for name in names)}
    for name in request.dns_names:
        if name not in allowed:
            raise CsrRefused(
                f"the CSR asks for {_shown(name)}, which is not among the ordered names"
            )


def build(
    private_key: keys.PrivateKey,
    common_name: DomainName,
    names: Sequence[DomainName],
    subject: Subject,
) -> str:
    """Return a PEM request signed with SHA-256, for a key pair that the desk has.

    Its alternative names are the common name, then ``names``, each once. Raises ``CsrRefused`` for
    a part of the subject that does not fit (X.520 upper bounds). An organisational unit is never
    written: public certificates must not have one (BR 7.1.4.3).
    """
    dns_names = dict.fromkeys(name.ascii for name in (common_name, *names))
    with _reading("the subject cannot be written into a CSR"):
        builder = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name(list(_subject_attributes(common_name, subject))))
            .add_extension(
                x509.SubjectAlternativeName(map(x509.DNSName, dns_names)), critical=False
            )
        )
        request = builder.sign(private_key, hashes.SHA256())
        return request.public_bytes(Encoding.PEM).decode("ascii")


@contextmanager
def _reading(rule: str) -> Iterator[None]:
    """Turn any exception of the library into ``CsrRefused(rule)``.

    It raises at load and again, lazily, at each attribute: ValueError, TypeError, OverflowError,
    InvalidVersion, UnsupportedAlgorithm, DuplicateExtension and more, and promises no list.
    """
    try:
        yield
    except CsrRefused:
        raise
    except Exception as error:  # no narrower class covers the above
        raise CsrRefused(rule) from error


def _one_block(text: str) -> pem.Block:
    """Return the one block; there may be text around it, such as OpenSSL's description."""
    if len(text) > TEXT_LIMIT:
        raise CsrRefused(f"the CSR is longer than {TEXT_LIMIT} characters")
    if "PRIVATE KEY-----" in text:
        raise CsrRefused("the text contains a private key; send only the CSR")
    if text.count("-----BEGIN") > 1:
        raise CsrRefused("the text has more than one PEM block")
    found = pem.blocks(text)
    if not found or found[0].label not in _LABELS:
        raise CsrRefused("the CSR must be one PEM block, CERTIFICATE REQUEST (RFC 7468, 7)")
    return found[0]


def _decoded(block: pem.Block) -> bytes:
    data = pem.decoded(block.body)
    if not data:
        raise CsrRefused("the CSR is not valid base64 (RFC 4648, 3 and 4)")
    return data


def _outlined(data: bytes) -> outline.RequestOutline:
    try:
        der.check(data)
        return outline.request(data)
    except (der.NotDer, outline.OutlineRefused) as refused:
        rule = f"the CSR is not a well-formed PKCS#10 request (RFC 2986): {refused}"
        raise CsrRefused(rule) from None


def _good_key(key: outline.Key) -> keys.PublicKey:
    """Return the public key, checked before anything is computed with it."""
    # The library reads a key marked for RSASSA-PSS as a plain one, without the limits that the mark
    # sets. Certificates carry only plain ones.
    if key.algorithm == outline.RSASSA_PSS:
        rule = "the RSA key is marked for RSASSA-PSS; it must be a plain RSA key (RFC 3279, 2.3.1)"
        raise CsrRefused(rule)
    with _reading("the public key of the CSR cannot be read (RFC 5280, 4.1.2.7)"):
        public_key = key.public_key()
    try:
        keys.refuse_weak(public_key)
    except keys.WeakKey as weak:
        raise CsrRefused(weak.rule) from None
    return public_key  # type: ignore[return-value]  # refuse_weak let only these two kinds pass


def _verify(request: outline.RequestOutline, public_key: keys.PublicKey) -> None:
    """Check the signature by which the request proves that its maker has the private key."""
    with _reading("the signature algorithm of the CSR is not supported (RFC 2986, 4.2)"):
        shell = x509.load_der_x509_csr(request.shell)
        algorithm = shell.signature_hash_algorithm
    if not isinstance(algorithm, _HASHES):
        raise CsrRefused("the CSR must be signed with SHA-256, SHA-384 or SHA-512 (RFC 5754)")
    with _reading("the signature of the CSR is not valid (RFC 2986, 4.2)"):
        outline.require_signature(shell, request.content, public_key)


def _common_name(request: outline.RequestOutline) -> str | None:
    """Return the one common name, None if the subject has none."""
    found = request.subject.of(distinguished_name.COMMON_NAME)
    if len(found) > 1:
        raise CsrRefused("the CSR has more than one common name")
    if not found:
        return None
    if found[0].text is None or not found[0].in_repertoire:
        rule = "the common name of the CSR is not text of its type (RFC 5280, 4.1.2.4)"
        raise CsrRefused(rule)
    return found[0].text


def _dns_names(request: outline.RequestOutline) -> tuple[str, ...]:
    """Return the DNS names; e-mail addresses, URIs, directory and other names are ignored."""
    if len(request.asked) > 1:
        raise CsrRefused("the CSR asks for extensions more than once (RFC 2985, 5.4.2)")
    try:
        values = [extensions.read(asked, extensions.OF_REQUESTS) for asked in request.asked]
        asked = [value.get(extensions.ALTERNATIVE_NAMES) for value in values]
        found = [name for value in asked if value for name in _alternative_names(value)]
    except extensions.ExtensionRefused as refused:
        raise CsrRefused(f"the extensions of the CSR cannot be read: {refused}") from None
    if not all(isinstance(name, str) for name in found):
        raise CsrRefused("the CSR asks for an IP address; certificates here are for domain names")
    return tuple(dict.fromkeys(str(name).lower() for name in found))


def _alternative_names(value: bytes) -> tuple[str | Address, ...]:
    if der.crowded(value):
        limit = der.ELEMENTS_LIMIT
        raise CsrRefused(f"an extension of the CSR has more than {limit} values")
    return extensions.alternative_names(value)


def _ascii_or_none(text: str) -> str | None:
    """Return a name of a request in its normal form, None if it is not a domain name."""
    try:
        return ascii_form(text)
    except DomainRefused:
        return None


def _shown(text: str) -> str:
    """Return a request's own text for a message: shortened, and escaped where it does not print."""
    return f'"{visible(text[:_SHOWN])[:_SHOWN]}"'


def _subject_attributes(
    common_name: DomainName, subject: Subject
) -> Iterable[x509.NameAttribute[str]]:
    """Yield the parts of a subject that are given, from the widest to the common name.

    Blanks around a value were typed by mistake, and are removed because they would be signed.
    """
    if subject.country and not _COUNTRY.fullmatch(subject.country):
        raise CsrRefused("the country must be two capital letters")
    parts = (
        (NameOID.COUNTRY_NAME, "country", subject.country, 2),
        (NameOID.STATE_OR_PROVINCE_NAME, "region", subject.region, 128),
        (NameOID.LOCALITY_NAME, "locality", subject.locality, 128),
        (NameOID.ORGANIZATION_NAME, "organisation", subject.organisation, 64),
        (NameOID.COMMON_NAME, "common name", common_name.ascii, NAME_LIMIT),
    )
    for oid, what, given, limit in parts:
        value = (given or "").strip()
        if len(value) > limit:
            raise CsrRefused(f"the {what} may have at most {limit} characters in a certificate")
        if value:
            yield x509.NameAttribute(oid, value)
