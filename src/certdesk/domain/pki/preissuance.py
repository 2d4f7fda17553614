"""The check before the CA's key is used: may these very bytes be signed for this request, now?

Earlier decisions are not relied on: the final to-be-signed bytes are read again, and every rule is
applied to them. Sources: CA/Browser Forum Baseline Requirements 3.2.2, 4.2.1, 6.1.1.3, 7.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from certdesk.domain.pki import profile, tbs
from certdesk.domain.pki.authority import Source, issuer_for, line_of
from certdesk.domain.pki.clock_guard import fault_of
from certdesk.domain.pki.issuance import Authorization, IssueRequest
from certdesk.domain.values import keys
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import Record
from certdesk.domain.values.validity import CAA_LASTS, Period, days_allowed, terms_at

FIRST_BACK = timedelta(hours=1)
"""How far back a certificate may begin when it is written."""
LAST_BACK = timedelta(hours=48)
"""How far back it may begin when it is signed, after a crash in between (7.1.2.7)."""
MOST_NAMES = 100
_SERIALS = range(1 << 64, 1 << 159)
_DNS, _FILE = "DNS", "FILE"
# What reading can raise: for the key, for the bytes, for an invalid subject.
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
)

_RSA = {
    "SHA256": SignatureAlgorithmOID.RSA_WITH_SHA256,
    "SHA384": SignatureAlgorithmOID.RSA_WITH_SHA384,
    "SHA512": SignatureAlgorithmOID.RSA_WITH_SHA512,
}
_ECDSA = {
    "SHA256": SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    "SHA384": SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    "SHA512": SignatureAlgorithmOID.ECDSA_WITH_SHA512,
}


class IssuanceRefused(Exception):
    """A certificate may not be signed; `rule` says which rule forbids it.

    `transient` means that the reason may go away soon: after a new DNS query, or once the clock is
    right again.
    """

    def __init__(self, rule: str, *, transient: bool = False) -> None:
        """Keep the rule, and whether its reason is transient."""
        self.rule = rule
        self.transient = transient
        super().__init__(rule)


class Circumstances(Record, kw_only=True):
    """The conditions of the check besides the request.

    `authority` names the CA that is to sign, and `source` is its own certificate. `blocked` is
    whether the key of the request may not be certified for its account. `own_days` is the
    operator's validity in days, 0 for the table's. `back` is how far back the certificate may
    begin. `latest` is the latest time that the desk has seen, None if it has seen none yet.
    """

    authority: str
    source: Source
    blocked: bool
    now: datetime
    own_days: int
    back: timedelta
    sandbox: bool
    latest: datetime | None = None


def check_issuance(data: bytes, request: IssueRequest, at: Circumstances) -> None:
    """Refuse to-be-signed bytes that the request does not ask for, or that a rule forbids.

    Raises:
        IssuanceRefused: they may not be signed.
    """
    try:
        leaf = tbs.read(data)
        for rule in (
            _the_clock,
            _the_issuer,
            _the_serial_number,
            _the_validity,
            _the_key,
            _the_names,
            _the_authorizations,
            _the_subject,
            _the_extensions,
        ):
            rule(leaf, request, at)
    except _UNREADABLE as error:
        raise IssuanceRefused(str(error)) from error


def _the_clock(_: x509.Certificate, __: IssueRequest, at: Circumstances) -> None:
    """Refuse while the clock is wrong: all rules about time below depend on it."""
    fault = fault_of(at.now, at.latest)
    if fault is not None:
        raise IssuanceRefused(fault, transient=True)


def _the_issuer(leaf: x509.Certificate, request: IssueRequest, at: Circumstances) -> None:
    """Require the authority for such a key, which may sign, and the hash that was asked for."""
    signer = at.source.certificate
    _require(leaf.issuer == signer.subject, "it names another issuer")
    algorithms = _RSA if isinstance(signer.public_key(), rsa.RSAPublicKey) else _ECDSA
    wanted = algorithms.get(request.hash_name)
    _require(leaf.signature_algorithm_oid == wanted, "it names another signature algorithm")
    right = issuer_for(_key_of(leaf), request.hash_name)
    _require(line_of(at.authority) == right, f"{at.authority} does not sign for this kind of key")


def _the_serial_number(leaf: x509.Certificate, _: IssueRequest, __: Circumstances) -> None:
    """Require a serial number of 65 to 159 bits, which has room for 64 random bits (7.1)."""
    _require(leaf.serial_number in _SERIALS, "its serial number is out of range")


def _the_validity(leaf: x509.Certificate, request: IssueRequest, at: Circumstances) -> None:
    """Require a validity that begins now and ends within all limits.

    The limits are the longest validity, the end of the CA's certificate, and the end of the bought
    time.
    """
    period = Period(leaf.not_valid_before_utc, leaf.not_valid_after_utc)
    since = at.now - period.begins
    _require(since >= timedelta(0), "it begins in the future")
    # A certificate that is not recorded yet is written again: the machine slept, or its clock
    # moved.
    _require(
        since <= at.back,
        f"it would begin {since} ago; at most {at.back} is allowed",
        transient=at.back == FIRST_BACK,
    )
    most = days_allowed(at.now, at.own_days, request.most_days)
    _require(period.begins < period.ends, "it ends before it begins")
    if request.ends_by is not None:
        _require(period.ends <= request.ends_by, "it would outlast the time that was bought")
        _require(at.now < period.ends, "the time that was bought has ended")
    _require(period.days <= most, f"it would last {period.days} days; at most {most} are allowed")
    signer = at.source.certificate
    _require(period.ends <= signer.not_valid_after_utc, "it would outlast its CA")
    _require(signer.not_valid_before_utc <= at.now, "its CA is not valid yet")


def _the_key(leaf: x509.Certificate, request: IssueRequest, at: Circumstances) -> None:
    """Require the key of the CSR, which proved possession of the private key, and a strong key."""
    public_key = _key_of(leaf)
    _require(public_key == request.csr.public_key, "its key is not the key of the CSR")
    keys.refuse_weak(public_key)
    weakness = keys.inspect_further(public_key) or keys.inspect_last(public_key)
    _require(weakness is None, weakness or "")
    _require(not at.blocked, "its key is blocked")


def _the_names(leaf: x509.Certificate, request: IssueRequest, _: Circumstances) -> None:
    """Require exactly the names of the order, each once, and no wildcard for EV."""
    ordered = [name.ascii for name in request.names]
    _require(0 < len(ordered) <= MOST_NAMES, f"there must be 1 to {MOST_NAMES} names")
    _require(len(set(ordered)) == len(ordered), "a name appears twice")
    wild = any(name.wildcard for name in request.names)
    _require(not (wild and request.level is Level.EV), "an EV certificate must not have a wildcard")
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    _require(
        list(found) == [x509.DNSName(name) for name in ordered],
        ("its names are not the names of the order"),
    )


def _the_authorizations(_: x509.Certificate, request: IssueRequest, at: Circumstances) -> None:
    """Require for each name a fresh proof of its own, and a fresh CAA permission."""
    for name in request.names:
        _require_authorization(
            name.ascii, (g for g in request.authorizations if g.covers == name.ascii), at.now
        )


def _require_authorization(
    name: str, authorizations: Iterable[Authorization], now: datetime
) -> None:
    """Require an authorization for a name that is valid in every respect."""
    lasts = timedelta(days=terms_at(now).proof_days)
    found = list(authorizations)
    _require(found, f"there is no proof of {name}")
    # A file on a website never proves a wildcard (Baseline Requirements 3.2.2.4.18).
    methods = {_DNS} if name.startswith("*.") else {_DNS, _FILE}
    sound = [each for each in found if each.method in methods]
    _require(sound, f"only a DNS record can prove the wildcard {name}")
    # How long a validation may be reused (4.2.1), and a CAA check (3.2.2.8).
    proved = [g for g in sound if timedelta(0) <= now - g.proved_at <= lasts]
    _require(proved, f"the proof of {name} is older than {lasts.days} days", transient=True)
    permitted = any(timedelta(0) <= now - g.caa_at <= CAA_LASTS for g in proved)
    _require(permitted, f"the check of the CAA records of {name} is too old", transient=True)


def _the_subject(leaf: x509.Certificate, request: IssueRequest, at: Circumstances) -> None:
    """Require exactly the vetted subject, which may be relied on now (4.2.1)."""
    if request.level is not Level.DV:
        good = request.vetted_until is not None and at.now < request.vetted_until
        _require(good, "the vetting of its organisation has expired")
    wanted = profile.subject_of(request, sandbox=at.sandbox)
    _require(leaf.subject == wanted, "its subject is not the vetted one")


def _the_extensions(leaf: x509.Certificate, request: IssueRequest, at: Circumstances) -> None:
    """Require the extensions of the profile; above all, no CA, and for servers alone."""
    found = leaf.extensions
    constraints = found.get_extension_for_class(x509.BasicConstraints).value
    _require(not constraints.ca, "it would be a CA certificate")
    usage = found.get_extension_for_class(x509.ExtendedKeyUsage).value
    _require(list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH], "it is not for servers only")
    wanted = [
        x509.Extension(value.oid, critical, value)
        for value, critical in profile.extensions_of(request, _key_of(leaf), at.source)
    ]
    _require(list(found) == wanted, "its extensions are not the profile's")


def _key_of(leaf: x509.Certificate) -> keys.PublicKey:
    public_key = leaf.public_key()
    if not isinstance(public_key, keys.PublicKey):
        raise IssuanceRefused("its key is neither RSA nor ECC")
    return public_key


def _require(holds: object, rule: str, *, transient: bool = False) -> None:
    if not holds:
        raise IssuanceRefused(rule, transient=transient)
