"""Nobody touches the desk for a year, and every certificate is fresh at the end of it.

A year of the desk's clock in steps of six hours, and real code; what the desk makes of it is read
as its users and clients read it, after every step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.left_alone import BEGIN, FREE, KINDS, LeftAlone, Ordered, left_alone
from tests.slow.lives import UTC8, Life, chain, check_ledger, ledger, life, time_of

EACH = 20
"""Orders of each kind."""

STEP, DAY = timedelta(hours=6), timedelta(days=1)
YEAR = timedelta(days=370)
EXPIRED = 3
BY_DESK = {"multiYearsRenew", "renewVIP"}
WARNED = "renewalWarning"
FIRST_BOUGHT = timedelta(days=20)
"""Orders are placed over these days, one of each kind a day."""


def fresh_until(ordered: Ordered, first: Life) -> datetime:
    """Tell until when there has to be a good certificate, by what was ordered and nothing else."""
    assert first.begins is not None
    assert first.ends is not None
    if ordered.kind.product == FREE:
        return first.ends
    if ordered.kind.renewed:
        return datetime.max.replace(tzinfo=UTC8)
    # A last reissue for less than a day is not made.
    return first.begins.replace(year=first.begins.year + ordered.kind.years) - DAY


def check_freshness(desk: LeftAlone) -> None:
    """Every order that should have a good certificate has one, and its newest is the one."""
    lives = {its: life(row) for its, row in desk.rows().items()}
    now = desk.now
    for ordered in desk.orders:
        found = chain(ordered.certificate_id, lives)
        issued = [each for each in found if each.begins is not None]
        assert issued, f"{ordered} was never issued: {found}"
        if now <= fresh_until(ordered, found[0]):
            assert issued[-1].good(now), f"{now}: {ordered} is not fresh: {found}"
    ended = [each for each in lives.values() if each.ends is not None and each.ends < now]
    assert {each.status for each in ended} <= {EXPIRED}
    check_lists(desk)


def check_lists(desk: LeftAlone) -> None:
    """Every CRL is its authority's, and is good now."""
    pki = desk.opened.desk.issuers.pki
    assert pki is not None
    shown = [each for each in pki.authorities() if each.crl_url is not None]
    assert shown
    for authority in shown:
        crl = pki.crl(authority.name)
        assert crl is not None
        listed = x509.load_der_x509_crl(crl)
        assert listed.next_update_utc is not None
        assert listed.last_update_utc <= desk.now < listed.next_update_utc
        key = x509.load_der_x509_certificate(authority.certificate).public_key()
        assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
        assert listed.is_signature_valid(key)


def story(desk: LeftAlone) -> list[dict[str, Any]]:
    """Read the operate log of the whole time, the newest row first."""
    rows: list[dict[str, Any]] = []
    while True:
        page = desk.ask(
            "DescribeCertificateOperateLogs",
            StartTime=f"{BEGIN:%Y-%m-%d %H:%M:%S}",
            Offset=len(rows),
            Limit=1000,
        )
        rows += page["OperateLogs"]
        if len(rows) == page["AllTotal"]:
            return rows


def check_story(desk: LeftAlone) -> None:
    """The log tells of each certificate once that it was issued, and of each successor."""
    lives = {its: life(row) for its, row in desk.rows().items()}
    told = Counter((row["Type"], row["CertId"]) for row in story(desk))
    for each in lives.values():
        assert told["issued", each.certificate_id] == (each.begins is not None)
        succeeded = sum(told[word, each.certificate_id] for word in BY_DESK)
        assert succeeded == (each.successor is not None)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LeftAlone]:
    """A desk with orders of all kinds, all issued; nobody does anything to it any more."""
    with left_alone(tmp_path / "desk") as opened:
        for number in range(EACH):
            for place, kind in enumerate(KINDS.values()):
                opened.order(kind, f"n{number}.k{place}.example.com")
            opened.pass_time(FIRST_BOUGHT / EACH)
        yield opened


@pytest.mark.timeout(1800)
def test_every_certificate_is_fresh_after_a_year_in_which_nobody_did_anything(
    desk: LeftAlone,
) -> None:
    """At each step of it, and no warning was needed."""
    assert len(desk.orders) == EACH * len(KINDS) == 200
    while desk.now < BEGIN + YEAR:
        desk.pass_time(STEP)
        check_freshness(desk)
    check_ledger(desk.opened.desk.store.read(ledger))
    check_story(desk)
    assert [row for row in story(desk) if row["Type"] == WARNED] == []


# --- with the resolver down for two weeks ---------------------------------------------------------

OUTAGE = (BEGIN + timedelta(days=220), BEGIN + timedelta(days=234))
"""While most certificates of the second generation are due, which last 99 days."""

BACKDATED = timedelta(minutes=50)
"""How long before its making a certificate begins."""

BEFORE_END = (14, 7, 3, 1)
"""Days before its end at which a certificate without a successor is warned of."""


@pytest.mark.timeout(1800)
def test_two_weeks_without_a_resolver_are_made_good_by_the_desk_itself(desk: LeftAlone) -> None:
    """Warnings come when they should and no others; a year after the beginning all is fresh."""
    beginning, end = OUTAGE
    pass_until(desk, beginning)
    desk.world.down()
    pass_until(desk, end)
    behind = waiting(desk)
    assert len(behind) > EACH
    desk.world.up()
    desk.pass_time(STEP)
    check_freshness(desk)
    assert waiting(desk) == []
    pass_until(desk, BEGIN + YEAR)
    check_ledger(desk.opened.desk.store.read(ledger))
    check_story(desk)
    check_warnings(desk)


def pass_until(desk: LeftAlone, end: datetime) -> None:
    """Go on in steps; at each of them what should be is fresh."""
    while desk.now < end:
        desk.pass_time(STEP)
        check_freshness(desk)


def waiting(desk: LeftAlone) -> list[str]:
    """List the orders that are under review or being reissued."""
    return [its for its, row in desk.rows().items() if row["Status"] in (0, 11)]


def check_warnings(desk: LeftAlone) -> None:
    """One for each day that a certificate came to without a successor, at its time.

    It is warned of from when its successor is due, which is ordered in the same step, until that is
    issued; in a step in which either happens, the warning may come first or not at all.
    """
    lives = {its: life(row) for its, row in desk.rows().items()}
    given = [warned(row, lives) for row in story(desk) if row["Type"] == WARNED]
    sure, possible = set(), set()
    for each in lives.values():
        if each.successor is None or each.ends is None:
            continue
        successor = lives[each.successor]
        assert successor.begins is not None
        due, made = successor.ordered, successor.begins + BACKDATED
        for days in BEFORE_END:
            at = each.ends - timedelta(days=days)
            if due <= at < made - STEP:
                sure.add((each.certificate_id, days))
            if due - STEP <= at <= made:
                possible.add((each.certificate_id, days))
    assert len(set(given)) == len(given)
    assert sure <= set(given) <= possible
    assert sure


def warned(row: dict[str, Any], lives: dict[str, Life]) -> tuple[str, int]:
    """Tell of which certificate a row of the log warns, and how many days before its end."""
    its, at = row["CertId"], time_of(row["CreatedOn"])
    end = lives[its].ends
    assert at is not None
    assert end is not None
    return its, min(days for days in BEFORE_END if end - timedelta(days=days) <= at)
