"""The gate before the CA's key: the grounds, the subject and the extensions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from certdesk.domain.pki import profile
from certdesk.domain.pki.authority import Source
from certdesk.domain.pki.issuance import Authorization, IssueRequest
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import replace
from tests.gate import DAY, KEY, SECOND, Written, refused, rule_of
from tests.issuing import SOMEBODY, asked
from tests.privateca import NOON

# --- grounds -------------------------------------------------------------------------------------

NAMES = ("example.com", "www.example.com", "*.example.com", "*.www.example.com", "example.org")
AGES = (-1, 0, 3600, 8 * 3600, 8 * 3600 + 1, 200 * 86400, 200 * 86400 + 1)
authorizations = st.builds(
    lambda covers, method, proved, caa: Authorization(
        covers=covers,
        method=method,
        proved_at=NOON - proved * SECOND,
        caa_at=NOON - caa * SECOND,
    ),
    st.sampled_from(NAMES),
    st.sampled_from(["DNS", "FILE", "EMAIL"]),
    st.sampled_from(AGES),
    st.sampled_from(AGES),
)


def covers(ground: Authorization, name: str) -> bool:
    """Say by the rules whether a ground is one for a name (BR 3.2.2.4, 4.2.1, 4.2.2.1)."""
    right_method = ground.method == "DNS" or (ground.method == "FILE" and name[0] != "*")
    fresh_proof = 0 <= (NOON - ground.proved_at).total_seconds() <= 200 * 86400
    fresh_caa = 0 <= (NOON - ground.caa_at).total_seconds() <= 8 * 3600
    return ground.covers == name and right_method and fresh_proof and fresh_caa


@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
    given_grounds=st.lists(authorizations, max_size=6),
)
@example(
    names=["example.com", "*.example.com"],
    given_grounds=[
        Authorization(covers="example.com", method="DNS", proved_at=NOON, caa_at=NOON),
        Authorization(covers="*.example.com", method="DNS", proved_at=NOON, caa_at=NOON),
    ],
)
def test_a_name_passes_exactly_if_a_fresh_ground_covers_it(
    source: Source, names: list[str], given_grounds: list[Authorization]
) -> None:
    """Its own and not another's, and a wildcard by DNS alone."""
    request = asked(NOON, *names, key=KEY, authorizations=tuple(given_grounds))
    permitted = all(any(covers(ground, name) for ground in given_grounds) for name in names)

    told = rule_of(source, request, {})

    assert (told is None) == permitted, told


def test_a_ground_may_be_looked_for_again_where_time_alone_has_spent_it(source: Source) -> None:
    """A missing proof may not: nothing here would bring it."""
    old = NOON - timedelta(hours=9)
    request = asked(NOON, key=KEY)
    (good,) = request.authorizations
    stale = replace(request, authorizations=(replace(good, caa_at=old),))
    none = replace(request, authorizations=())
    tbs = Written(request=request, source=source).tbs()

    assert refused(tbs, stale, source) == (
        "the check of the CAA records of www.example.com is too old",
        True,
    )
    assert refused(tbs, none, source) == ("there is no proof of www.example.com", False)
    spent = replace(good, proved_at=NOON - 201 * DAY)
    assert refused(tbs, replace(request, authorizations=(spent,)), source) == (
        "the proof of www.example.com is older than 200 days",
        True,
    )


def test_a_file_never_proves_a_wildcard(source: Source) -> None:
    """However fresh it is, and no new check will change it (BR 3.2.2.4.18)."""
    request = asked(NOON, "*.example.com", key=KEY)
    by_file = tuple(replace(ground, method="FILE") for ground in request.authorizations)
    request = replace(request, authorizations=by_file)

    told = refused(Written(request=request, source=source).tbs(), request, source)

    assert told == ("only a DNS record can prove the wildcard *.example.com", False)


# --- subject and extensions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "R&D"),
        (NameOID.ORGANIZATION_NAME, "Another Ltd"),
        (NameOID.COMMON_NAME, "example.com"),
        (NameOID.EMAIL_ADDRESS, "a@example.com"),
    ],
)
@pytest.mark.parametrize("level", Level)
def test_a_subject_with_more_than_was_vetted_does_not_pass(
    source: Source, level: Level, oid: x509.ObjectIdentifier, value: str
) -> None:
    """An organisational unit least of all."""
    request = asked(NOON, level=level, key=KEY)
    wanted = profile.subject_of(request, sandbox=False)
    subject = x509.Name([*wanted, x509.NameAttribute(oid, value)])

    assert rule_of(source, request, {"subject": subject}) == "its subject is not the vetted one"


@pytest.mark.parametrize(
    ("part", "value", "rule"),
    [
        ("country", "England", "a country must be a two-letter code of ISO 3166-1"),
        ("country", "ZZ", "a country must be a two-letter code of ISO 3166-1"),
        ("country", None, "OV needs country, organisation, and region or locality"),
        ("organisation", "  ", "OV needs country, organisation, and region or locality"),
        ("organisation", "x" * 65, "a part of the subject takes at most 64 characters, not 65"),
        ("organisation", "- .", "a part of the subject must contain more than dots"),
        ("locality", "Ox\u202eford", "a part of the subject must not contain control characters"),
        ("region", "a\x00b", "a part of the subject must not contain control characters"),
    ],
)
def test_a_subject_that_may_not_be_does_not_pass(
    source: Source, part: str, value: str | None, rule: str
) -> None:
    """Whoever vetted it."""
    good = asked(NOON, level=Level.OV, key=KEY)
    request = replace(good, subject=replace(SOMEBODY, **{part: value}))

    told = refused(Written(request=good, source=source).tbs(), request, source)

    assert told is not None
    assert told[0].startswith(rule)


def changed(source: Source, request: IssueRequest, *others: profile.Extension) -> dict[str, Any]:
    """Give the profile's extensions, some of them replaced by others of their kind, or added to."""
    by_oid = {
        value.oid: (value, critical)
        for value, critical in profile.extensions_of(request, KEY.public_key(), source)
    }
    return {"extensions": (by_oid | {value.oid: (value, crit) for value, crit in others}).values()}


POISON: dict[str, profile.Extension] = {
    "a CA": (x509.BasicConstraints(ca=True, path_length=None), True),
    "for clients too": (
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
        False,
    ),
    "for anything": (
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        False,
    ),
    "another policy": (
        x509.CertificatePolicies([profile.policy(profile.POLICIES[Level.EV])]),
        False,
    ),
    "must-staple": (x509.TLSFeature([x509.TLSFeatureType.status_request]), False),
    "a precertificate": (x509.PrecertPoison(), True),
    "an unknown one": (
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
        False,
    ),
    "a key identifier": (x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), False),
    "another signer's key": (x509.AuthorityKeyIdentifier(b"k" * 20, None, None), False),
    "not critical": (x509.BasicConstraints(ca=False, path_length=None), False),
}


@pytest.mark.parametrize("extension", POISON.values(), ids=list(POISON))
def test_an_extension_that_is_not_the_profile_s_does_not_pass(
    source: Source, extension: profile.Extension
) -> None:
    """None is copied from anywhere."""
    request = asked(NOON, key=KEY)

    assert rule_of(source, request, changed(source, request, extension)) in {
        "it would be a CA certificate",
        "it is not for servers only",
        "its extensions are not the profile's",
    }


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ("a CA", "it would be a CA certificate"),
        ("for clients too", "it is not for servers only"),
        ("must-staple", "its extensions are not the profile's"),
    ],
)
def test_the_worst_extensions_are_told_by_name(source: Source, what: str, rule: str) -> None:
    """Each is refused for itself, whatever the profile says."""
    request = asked(NOON, key=KEY)

    assert rule_of(source, request, changed(source, request, POISON[what])) == rule


def test_an_extension_that_is_missing_does_not_pass(source: Source) -> None:
    """Each of the profile's in turn."""
    request = asked(NOON, key=KEY)
    wanted = list(profile.extensions_of(request, KEY.public_key(), source))

    for left_out in wanted:
        kept = [each for each in wanted if each is not left_out]
        assert rule_of(source, request, {"extensions": kept}) is not None, left_out


def test_addresses_of_another_ca_do_not_pass(source: Source) -> None:
    """They would send clients elsewhere for revocation."""
    request = asked(NOON, key=KEY)
    elsewhere = replace(source, crl_url="http://elsewhere.example.com/a.crl")
    extensions = profile.extensions_of(request, KEY.public_key(), elsewhere)

    assert rule_of(source, request, {"extensions": extensions}) == (
        "its extensions are not the profile's"
    )
