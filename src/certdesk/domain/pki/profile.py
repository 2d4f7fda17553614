"""The certificate profile of a server, by what was vetted.

Only the key is copied from a CSR. Sources: CA/Browser Forum Baseline Requirements 7.1.2.7 and
7.1.4, EV Guidelines 7.1.4.2, the bounds of X.520.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from certdesk.domain.pki.authority import Source
from certdesk.domain.pki.issuance import IssueRequest
from certdesk.domain.values.countries import COUNTRIES
from certdesk.domain.values.keys import PublicKey
from certdesk.domain.values.names import NAME_LIMIT
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import Record
from certdesk.domain.values.texts import subject_fault
from certdesk.domain.values.validity import Period

SANDBOX_WORDS = "certdesk sandbox: for tests only, trust it nowhere"
"""The mark of a sandbox's certificate, in an attribute that public certificates may not have."""

TAG_BYTES = 3

POLICIES = {
    Level.DV: x509.ObjectIdentifier("2.23.140.1.2.1"),
    Level.OV: x509.ObjectIdentifier("2.23.140.1.2.2"),
    Level.EV: x509.ObjectIdentifier("2.23.140.1.1"),
}
"""The Forum's own policy for each level (7.1.6.1); a certificate has one of them and no other."""

DESCRIPTION = x509.ObjectIdentifier("2.5.4.13")

_COUNTRIES = {NameOID.COUNTRY_NAME, NameOID.JURISDICTION_COUNTRY_NAME}
_NEEDED = {NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME}
_ONE_NEEDED = {NameOID.STATE_OR_PROVINCE_NAME, NameOID.LOCALITY_NAME}

Extension = tuple[x509.ExtensionType, bool]
"""An extension and whether it is critical."""


class SubjectRefused(ValueError):
    """A vetted value may not be in a subject, or the level needs more."""


class Draft(Record, kw_only=True):
    """A certificate to be: who signs it, its key, its serial number and how long it is valid."""

    source: Source
    public_key: PublicKey
    serial: int
    period: Period
    sandbox: bool


def builder(request: IssueRequest, draft: Draft) -> x509.CertificateBuilder:
    """Return the certificate that a request asks for, ready to be signed.

    Raises:
        SubjectRefused: the subject is invalid for the level.
    """
    written = (
        x509.CertificateBuilder()
        .serial_number(draft.serial)
        .issuer_name(draft.source.certificate.subject)
        .not_valid_before(draft.period.begins)
        .not_valid_after(draft.period.ends)
        .subject_name(subject_of(request, sandbox=draft.sandbox))
        .public_key(draft.public_key)
    )
    for value, critical in extensions_of(request, draft.public_key, draft.source):
        written = written.add_extension(value, critical=critical)
    return written


def subject_of(request: IssueRequest, *, sandbox: bool) -> x509.Name:
    """Return the subject: the vetted parts that the level has, and the main name if it fits.

    It never has an organisational unit (7.1.4.3).

    Raises:
        SubjectRefused: a part that the level needs is missing, or one may not be there.
    """
    attributes = [
        _attribute(oid, value.strip(), longest)
        for oid, value, longest in _attributes(request, sandbox=sandbox)
        if value and value.strip()
    ]
    given = {attribute.oid for attribute in attributes}
    if request.level is not Level.DV and not (given >= _NEEDED and given & _ONE_NEEDED):
        level = request.level.value
        raise SubjectRefused(f"{level} needs country, organisation, and region or locality")
    return x509.Name(attributes)


def _attribute(oid: x509.ObjectIdentifier, value: str, longest: int) -> x509.NameAttribute[str]:
    if oid in _COUNTRIES and value not in COUNTRIES:
        raise SubjectRefused("a country must be a two-letter code of ISO 3166-1")
    fault = subject_fault(value, longest)
    if fault is not None:
        raise SubjectRefused(f"a part of the subject {fault}")
    return x509.NameAttribute(oid, value)


def _attributes(
    request: IssueRequest, *, sandbox: bool
) -> Iterator[tuple[x509.ObjectIdentifier, str | None, int]]:
    """Yield each part, its value and the most characters that it may have."""
    if sandbox:
        yield DESCRIPTION, SANDBOX_WORDS, 1024
    if request.level is Level.EV and request.registration is not None:
        registered = request.registration
        yield NameOID.BUSINESS_CATEGORY, registered.category, 128
        yield NameOID.JURISDICTION_COUNTRY_NAME, registered.country, 2
        yield NameOID.JURISDICTION_STATE_OR_PROVINCE_NAME, registered.region, 128
        yield NameOID.JURISDICTION_LOCALITY_NAME, registered.locality, 128
        yield NameOID.SERIAL_NUMBER, registered.number, 64
    if request.level is not Level.DV:
        subject = request.subject
        yield NameOID.COUNTRY_NAME, subject.country, 2
        yield NameOID.STATE_OR_PROVINCE_NAME, subject.region, 128
        yield NameOID.LOCALITY_NAME, subject.locality, 128
        yield NameOID.ORGANIZATION_NAME, subject.organisation, 64
    main = request.names[0].ascii
    if len(main) <= NAME_LIMIT:
        yield NameOID.COMMON_NAME, main, NAME_LIMIT


def extensions_of(
    request: IssueRequest, public_key: PublicKey, source: Source
) -> Iterator[Extension]:
    """Yield all extensions, in their order."""
    yield x509.BasicConstraints(ca=False, path_length=None), True
    # RSA keys may also be used the old way, in which the client encrypts to them.
    old_way = isinstance(public_key, rsa.RSAPublicKey)
    yield key_usage(digital_signature=True, key_encipherment=old_way), True
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
    yield key_identifier(source.certificate), False
    yield x509.CertificatePolicies([policy(POLICIES[request.level])]), False
    names = [x509.DNSName(name.ascii) for name in request.names]
    yield x509.SubjectAlternativeName(names), False
    yield from status_extensions(source)


def key_usage(
    *, digital_signature: bool = False, key_encipherment: bool = False, certifies: bool = False
) -> x509.KeyUsage:
    """Return what a key is for; one that `certifies` signs certificates and CRLs."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def tag_of(public_key: PublicKey) -> str:
    """Return a part of a key's digest, which makes a common name unique."""
    return x509.SubjectKeyIdentifier.from_public_key(public_key).digest[:TAG_BYTES].hex()


def key_identifier(signer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of the signing key, as in the signer's own certificate."""
    own = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def policy(oid: x509.ObjectIdentifier) -> x509.PolicyInformation:
    """Return a policy by its identifier, without qualifiers."""
    return x509.PolicyInformation(oid, None)


def status_extensions(signer: Source) -> Iterator[Extension]:
    """Yield the addresses of the status service, the signer's certificate and its CRL."""
    places = (
        (AuthorityInformationAccessOID.OCSP, signer.ocsp_url),
        (AuthorityInformationAccessOID.CA_ISSUERS, signer.certificate_url),
    )
    yield (
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
                for method, url in places
                if url
            ]
        ),
        False,
    )
    place = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(signer.crl_url)],
        relative_name=None,
        reasons=None,
        crl_issuer=None,
    )
    yield x509.CRLDistributionPoints([place]), False
