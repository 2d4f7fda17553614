"""What every issuer promises, proven on each adapter; a new one joins by a line below."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certdesk.domain.orders.certificate import certificate_of
from certdesk.domain.pki.answers import check_issued, check_offered
from certdesk.domain.pki.issuance import Declined, Issued, IssueRequest, Recorded
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.challenge import Challenge
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import Reason
from certdesk.ports import Issuer
from certdesk.testing.clock import ManualClock
from certdesk.testing.external_ca import ExternalIssuer
from certdesk.testing.issuer import ScriptedIssuer
from tests.issuing import asked, issue, offered
from tests.privateca import InsideCa

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)

OWN_CHALLENGES: dict[str, Callable[[ManualClock, Path], Issuer]] = {
    "elsewhere": lambda clock, _: ExternalIssuer(clock),
}
"""The issuers that make their own challenges."""

ADAPTERS: dict[str, Callable[[ManualClock, Path], Issuer]] = OWN_CHALLENGES | {
    "private": lambda clock, folder: InsideCa(folder, clock=clock).issuer,
    "scripted": lambda clock, _: ScriptedIssuer(clock),
}


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at noon."""
    return ManualClock(NOON)


@pytest.fixture(params=ADAPTERS.values(), ids=list(ADAPTERS))
def issuer(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Issuer:
    """An issuer that has issued nothing yet."""
    made = request.param(clock, tmp_path)
    assert made.name
    return made  # type: ignore[no-any-return]  # a fixture's parameter has no type


@pytest.fixture(params=OWN_CHALLENGES.values(), ids=list(OWN_CHALLENGES))
def challenging(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Issuer:
    """An issuer that makes its own challenges."""
    made = request.param(clock, tmp_path)
    assert made.challenger is not None
    return made  # type: ignore[no-any-return]  # a fixture's parameter has no type


def test_a_certificate_is_for_the_names_and_the_key_of_its_request(issuer: Issuer) -> None:
    """All names and no other, the CSR's key, and valid from now on."""
    key = ec.generate_private_key(ec.SECP256R1())

    leaf = issue(issuer, asked(NOON, "www.example.com", "*.example.com", key=key)).leaf

    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com", "*.example.com"]
    assert leaf.public_key() == key.public_key()
    assert leaf.not_valid_before_utc <= NOON < leaf.not_valid_after_utc


def test_the_chain_leads_to_the_root(issuer: Issuer) -> None:
    """Each certificate is signed by the next, and the root by itself; the chain is without it."""
    course = issue(issuer, asked(NOON))

    assert len(course.path) > 2
    for certificate, signer in pairwise([*course.path, course.path[-1]]):
        certificate.verify_directly_issued_by(signer)


def test_what_is_issued_is_what_was_asked_for(issuer: Issuer, clock: ManualClock) -> None:
    """The check of answers accepts it, also of an issuer whose answers the desk does not check."""
    request = asked(NOON, "www.example.com", "*.example.com")
    course = issue(issuer, request)

    check_issued(course.issued, request, course.recorded[-1].serial, clock.now())


def test_nothing_is_issued_before_something_is_kept(issuer: Issuer) -> None:
    """A crash after the first step finds a record of what was begun."""
    assert not isinstance(issuer.proceed(asked(NOON), None), Issued)


def test_a_serial_number_that_was_announced_is_the_one_issued(issuer: Issuer) -> None:
    """The record of what was begun tells which certificate will come of it."""
    course = issue(issuer, asked(NOON))

    announced = [step.serial for step in course.recorded if step.serial is not None]
    assert set(announced) <= {f"{course.leaf.serial_number:x}"}


def test_a_step_taken_again_after_a_crash_issues_the_same_certificate(
    issuer: Issuer, clock: ManualClock
) -> None:
    """From every state that was kept, also some minutes later, the same serial number comes."""
    request = asked(NOON)
    course = issue(issuer, request)
    clock.move(timedelta(minutes=5))

    again = [issue(issuer, request, step) for step in course.recorded]

    assert again
    assert {each.leaf.serial_number for each in again} == {course.leaf.serial_number}
    assert {each.leaf.tbs_certificate_bytes for each in again} == {
        course.leaf.tbs_certificate_bytes
    }


def test_another_attempt_is_another_certificate(issuer: Issuer) -> None:
    """As is that of another order with the same names and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    requests = [
        asked(NOON, key=key),
        asked(NOON, key=key, attempt=2),
        asked(NOON, key=key, certificate_id="other123"),
    ]

    assert len({issue(issuer, request).leaf.serial_number for request in requests}) == 3


def test_many_orders_are_served_at_once(issuer: Issuer) -> None:
    """Threads do not get each other's certificates, the first ones neither."""
    names = [f"host{number:02}.example.com" for number in range(16)]
    requests = [asked(NOON, name, certificate_id=f"host{name[4:6]}00") for name in names]
    with ThreadPoolExecutor(8) as threads:
        courses = list(threads.map(lambda request: issue(issuer, request), requests))

    alternative = [
        course.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for course in courses
    ]
    assert [value.get_values_for_type(x509.DNSName)[0] for value in alternative] == names
    assert len({course.path[-1] for course in courses}) == 1


NAMES = ("www.example.com", "*.www.example.com", "example.com")


def challenges(issuer: Issuer, request: IssueRequest) -> tuple[Challenge, ...]:
    """What an issuer that makes its own challenges has published."""
    return offered(issuer, request)[1].challenges


def test_an_issuer_of_its_own_challenges_has_one_for_each_name(challenging: Issuer) -> None:
    """A name and its wildcard have one together; the desk takes them as they are."""
    request = asked(NOON, *NAMES)
    made = challenges(challenging, request)
    check_offered(made, request.names, "DNS")
    assert sorted(each.name for each in made) == ["example.com", "www.example.com"]


def test_challenges_that_are_asked_for_again_are_the_same(challenging: Issuer) -> None:
    """A process that died before it kept them gets them again; another attempt gets others."""
    request = asked(NOON, *NAMES)
    made = challenges(challenging, request)
    assert challenges(challenging, request) == made
    other = challenges(challenging, replace(request, attempt=2))
    assert {each.value for each in other}.isdisjoint(each.value for each in made)


def test_nothing_is_issued_for_which_no_challenges_were_asked(challenging: Issuer) -> None:
    """As then nobody has proved anything to such a CA."""
    assert isinstance(challenging.proceed(asked(NOON), None), Declined)


def kept(issuer: Issuer, request: IssueRequest) -> Certificate:
    """Have a certificate issued; give what is kept of it."""
    return certificate_of(request, issue(issuer, request).issued, issuer=issuer.name, now=NOON)


def test_what_was_issued_can_be_taken_back_again_and_again(issuer: Issuer) -> None:
    """Also some other time for another reason: the first one stands."""
    certificate = kept(issuer, asked(NOON))

    for reason in (Reason.SUPERSEDED, Reason.SUPERSEDED, Reason.KEY_COMPROMISE):
        issuer.revoke(certificate, reason)


def test_what_another_issued_is_not_taken_back(issuer: Issuer) -> None:
    """Who has not issued a certificate has nothing to say of it."""
    certificate = kept(issuer, asked(NOON))

    with pytest.raises(LookupError):
        issuer.revoke(replace(certificate, issuer="nobody"), Reason.SUPERSEDED)


def test_a_scripted_issuer_does_what_was_written_down(clock: ManualClock) -> None:
    """In order, and then it issues; it remembers what it was asked."""
    issuer = ScriptedIssuer(clock)
    request = asked(NOON)
    issuer.will(Recorded(state=b"one"), OSError("away"))

    assert issuer.proceed(request, None) == Recorded(state=b"one")
    with pytest.raises(OSError, match="away"):
        issuer.proceed(request, Recorded(state=b"one"))
    assert issue(issuer, request).issued.leaf
    assert issuer.asked[:3] == [(request, None), (request, b"one"), (request, None)]
