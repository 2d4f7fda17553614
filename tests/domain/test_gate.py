"""The gate before the CA's key: who signs, how long it lasts, which key and names it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from certdesk.domain.pki import der, profile
from certdesk.domain.pki.authority import Source
from certdesk.domain.pki.issuance import IssueRequest
from certdesk.domain.pki.preissuance import FIRST_BACK, LAST_BACK
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import replace
from certdesk.domain.values.validity import Period
from tests.gate import DAY, KEY, SECOND, Written, refused, rule_of
from tests.issuing import asked
from tests.privateca import NOON


@pytest.mark.parametrize("level", Level)
def test_what_was_asked_for_and_is_permitted_passes(source: Source, level: Level) -> None:
    """Of every level."""
    request = asked(NOON, "www.example.com", "example.com", level=level, key=KEY)

    assert rule_of(source, request, {}) is None


def test_other_bytes_than_a_certificate_do_not_pass(source: Source) -> None:
    """Nor a certificate with something behind it."""
    request = asked(NOON, key=KEY)
    good = Written(request=request, source=source).tbs()

    for data in (b"", b"nonsense", good + b"\x00", good[:-1], good[1:]):
        assert refused(data, request, source) is not None


def test_nothing_passes_while_the_clock_is_behind(source: Source) -> None:
    """By more than five minutes of the latest time that was seen; the clock may be set right."""
    request = asked(NOON, key=KEY)
    data = Written(request=request, source=source).tbs()
    five = timedelta(minutes=5)

    assert refused(data, request, source, latest=NOON + five) is None
    assert refused(data, request, source, latest=NOON + five + SECOND) == (
        "the clock is behind: it showed 2026-12-01 12:05:01 UTC before",
        True,
    )


# --- issuer, serial number, validity -------------------------------------------------------------


def test_another_issuer_or_hash_does_not_pass(source: Source) -> None:
    """Nor an authority that is not the one for such a key."""
    request = asked(NOON, key=KEY)
    other = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another CA")])

    assert rule_of(source, request, {"issuer": other}) == "it names another issuer"
    assert rule_of(source, request, {"hash_name": "SHA384"}) == (
        "it names another signature algorithm"
    )
    assert rule_of(source, request, {}, authority="rsa-issuing") == (
        "rsa-issuing does not sign for this kind of key"
    )


def test_a_certificate_of_an_old_version_does_not_pass(source: Source) -> None:
    """Without its version number it is of version 1, which has no extensions."""
    request = asked(NOON, key=KEY)
    (outer,) = der.elements(Written(request=request, source=source).tbs())
    parts = list(der.elements(outer.content))[1:]
    old = der.encode(outer.tag, b"".join(der.encode(part.tag, part.content) for part in parts))

    assert refused(old, request, source) is not None


@pytest.mark.parametrize("serial", [1, 20261124, (1 << 64) - 1])
def test_a_serial_number_that_was_not_drawn_does_not_pass(source: Source, serial: int) -> None:
    """64 bits of chance are the least (BR 7.1)."""
    assert rule_of(source, asked(NOON, key=KEY), {"serial": serial}) == (
        "its serial number is out of range"
    )


BEGINS = NOON - timedelta(hours=1)
ENDS = BEGINS + 199 * DAY - SECOND


@pytest.mark.parametrize(
    ("valid", "others", "rule"),
    [
        (Period(BEGINS, ENDS), {}, None),
        (Period(BEGINS, ENDS + SECOND), {}, "it would last 200 days; at most 199 are allowed"),
        (Period(BEGINS, ENDS + SECOND), {"own_days": 825}, None),
        (Period(BEGINS, ENDS), {"own_days": 90}, "it would last 199 days; at most 90 are allowed"),
        (Period(BEGINS - SECOND, ENDS - DAY), {}, "it would begin 1:00:01 ago; at most 1:00:00 is"),
        (Period(NOON + SECOND, ENDS), {}, "it begins in the future"),
        (Period(BEGINS, BEGINS), {}, "it ends before it begins"),
        (Period(BEGINS, BEGINS + 3651 * DAY), {"own_days": 9999}, "it would outlast its CA"),
    ],
)
def test_a_validity_that_may_not_be_does_not_pass(
    source: Source, valid: Period, others: dict[str, Any], rule: str | None
) -> None:
    """Each limit, and one second beyond it."""
    told = rule_of(source, asked(NOON, key=KEY), {"period": valid}, **others)

    assert told is None if rule is None else told is not None and told.startswith(rule)


def test_what_was_written_too_long_ago_is_written_anew_unless_it_is_kept(source: Source) -> None:
    """A machine that slept between the two has its order issued all the same."""
    request = asked(NOON, key=KEY)
    for back, again in ((FIRST_BACK, True), (LAST_BACK, False)):
        early = Period(NOON - back - SECOND, NOON + DAY)
        told = refused(
            Written(request=request, source=source, period=early).tbs(), request, source, back=back
        )
        assert told is not None
        assert told[0].startswith("it would begin ")
        assert told[1] is again


def test_nothing_outlasts_what_was_bought(source: Source) -> None:
    """To the second, and nothing is signed once that has ended."""
    request = asked(NOON, key=KEY, ends_by=ENDS)
    assert rule_of(source, request, {"period": Period(BEGINS, ENDS)}) is None
    assert rule_of(source, request, {"period": Period(BEGINS, ENDS + SECOND)}) == (
        "it would outlast the time that was bought"
    )
    over = asked(NOON, key=KEY, ends_by=NOON)
    assert rule_of(source, over, {"period": Period(BEGINS, NOON)}) == (
        "the time that was bought has ended"
    )


def test_nothing_is_signed_before_the_ca_is_valid(source: Source) -> None:
    """A clock that was put back behind the making of the CA."""
    before = source.certificate.not_valid_before_utc - SECOND
    valid = Period(before, before + DAY)

    assert rule_of(source, asked(before, key=KEY), {"period": valid}, now=before) == (
        "its CA is not valid yet"
    )


def test_an_order_that_wants_less_does_not_get_more(source: Source) -> None:
    """The order's own limit, as that of a free product."""
    request = asked(NOON, key=KEY, most_days=90)
    ninety = Period(BEGINS, BEGINS + 90 * DAY - SECOND)

    assert rule_of(source, request, {"period": ninety}) is None
    assert rule_of(source, request, {"period": Period(BEGINS, ninety.ends + SECOND)}) == (
        "it would last 91 days; at most 90 are allowed"
    )


@pytest.mark.parametrize(
    ("at", "most"),
    [
        (datetime(2027, 3, 14, 23, 59, 59, tzinfo=UTC), 199),
        (datetime(2027, 3, 15, tzinfo=UTC), 99),
        (datetime(2029, 3, 14, 23, 59, 59, tzinfo=UTC), 99),
        (datetime(2029, 3, 15, tzinfo=UTC), 46),
    ],
)
def test_the_day_of_signing_decides_how_long_it_may_last(
    source: Source, at: datetime, most: int
) -> None:
    """Also of what was written in the last second before."""
    request = asked(at, key=KEY)
    begins = at - timedelta(hours=1)
    longest = Period(begins, begins + most * DAY - SECOND)

    assert rule_of(source, request, {"period": longest}, now=at) is None
    assert rule_of(source, request, {"period": Period(begins, longest.ends + SECOND)}, now=at)


# --- key and names -------------------------------------------------------------------------------


def test_another_key_than_the_csr_s_does_not_pass(source: Source) -> None:
    """Be it as good."""
    other = ec.generate_private_key(ec.SECP256R1()).public_key()

    assert rule_of(source, asked(NOON, key=KEY), {"key": other}) == (
        "its key is not the key of the CSR"
    )


def test_a_key_of_another_kind_does_not_pass(source: Source) -> None:
    """The desk certifies RSA and ECC keys."""
    other = ed25519.Ed25519PrivateKey.generate().public_key()

    assert rule_of(source, asked(NOON, key=KEY), {"key": other}) == "its key is neither RSA nor ECC"


def test_a_weak_key_does_not_pass(source: Source) -> None:
    """Whoever let its CSR in."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 -- weak is the point
    request = asked(NOON, key=KEY)
    accepted = replace(request.csr, public_key=weak.public_key())
    request = replace(request, csr=accepted)

    told = rule_of(source, request, {"key": weak.public_key()}, authority="rsa-issuing")

    assert told == "the RSA modulus must have 2048, 3072 or 4096 bits"


def test_a_blocked_key_does_not_pass(source: Source) -> None:
    """However good everything else is."""
    assert rule_of(source, asked(NOON, key=KEY), {}, blocked=True) == "its key is blocked"


def with_names(request: IssueRequest, source: Source, *names: x509.GeneralName) -> dict[str, Any]:
    """Give the profile's extensions with other alternative names."""
    replaced = [
        (x509.SubjectAlternativeName(names), critical)
        if isinstance(value, x509.SubjectAlternativeName)
        else (value, critical)
        for value, critical in profile.extensions_of(request, KEY.public_key(), source)
    ]
    return {"extensions": replaced}


@pytest.mark.parametrize(
    "names",
    [
        ["www.example.com"],
        ["example.com", "www.example.com"],
        ["www.example.com", "example.com", "mail.example.com"],
        ["www.example.com", "*.example.com"],
        ["www.example.com", "www.example.com", "example.com"],
    ],
)
def test_other_names_than_the_order_s_do_not_pass(source: Source, names: list[str]) -> None:
    """Neither fewer nor more, nor in another order."""
    request = asked(NOON, "www.example.com", "example.com", key=KEY)
    changes = with_names(request, source, *map(x509.DNSName, names))

    assert rule_of(source, request, changes) == "its names are not the names of the order"


@pytest.mark.parametrize(
    "name",
    [
        x509.UniformResourceIdentifier("http://www.example.com/"),
        x509.RFC822Name("a@www.example.com"),
        x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www")])),
    ],
)
def test_a_name_of_another_type_does_not_pass(source: Source, name: x509.GeneralName) -> None:
    """DNS names alone are proved."""
    request = asked(NOON, "www.example.com", key=KEY)
    changes = with_names(request, source, x509.DNSName("www.example.com"), name)

    assert rule_of(source, request, changes) == "its names are not the names of the order"


def test_a_name_twice_a_hundred_and_one_names_and_none_do_not_pass(source: Source) -> None:
    """The order itself may not ask for that."""
    twice = asked(NOON, "www.example.com", "www.example.com", key=KEY)
    many = asked(NOON, *(f"n{number}.example.com" for number in range(101)), key=KEY)

    assert rule_of(source, twice, {}) == "a name appears twice"
    assert rule_of(source, many, {}) == "there must be 1 to 100 names"


def test_an_ev_certificate_has_no_wildcard(source: Source) -> None:
    """EV Guidelines 7.1.4.2.1."""
    request = asked(NOON, "*.example.com", level=Level.EV, key=KEY)

    assert rule_of(source, request, {}) == "an EV certificate must not have a wildcard"
