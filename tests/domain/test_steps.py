"""The next step of an order: what is needed to issue, when it looks, and when it gives up."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certdesk.domain.orders.lifecycle import Status, StatusMessage
from certdesk.domain.orders.order import Decider, Order, Revocation
from certdesk.domain.orders.steps import (
    KEY_BLOCKED,
    LONGEST_REMOVAL_PAUSE,
    MOST_REMOVALS,
    NO_LETTER,
    NOT_PROVED,
    SENT_FOR,
    TIMED_OUT,
    AskCaa,
    Close,
    DeclineRevocation,
    EndCancelling,
    Expire,
    Issue,
    Move,
    ProofsMissing,
    Prove,
    Remove,
    Revoke,
    RevokeCompromised,
    Step,
    Wait,
    caa_permits,
    next_check,
    next_removal,
    next_step,
)
from certdesk.domain.pki.records import BlockedKey
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.record import replace
from certdesk.domain.values.validity import CAA_LASTS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTERVAL = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
NAMES = ("a.example.com", "b.example.com", "c.example.org")
GOING_ON = (StatusMessage.PENDING_DCV, StatusMessage.WAIT_ISSUE)


def order(
    names: tuple[str, ...] = NAMES[:1],
    *,
    status: Status = Status.UNDER_REVIEW,
    message: StatusMessage | None = StatusMessage.PENDING_DCV,
    deadline: datetime | None = NOON + timedelta(days=3),
    ends_at: datetime | None = None,
) -> Order:
    """Make an order that was submitted at noon."""
    return Order(
        certificate_id="LrmeMvQr",
        uin="100000000001",
        product_id=11,
        domain_num=3,
        time_span=1,
        status=status,
        waits_for=message,
        deal_id="1",
        domain=names[0],
        names=names[1:],
        attempt=1,
        deadline=deadline,
        ends_at=ends_at,
        created_at=NOON,
    )


def proof(name: str = NAMES[0], **fields: object) -> Proof:
    """Make a proof that was drawn at noon and not looked for."""
    made = Proof(
        certificate_id="LrmeMvQr",
        attempt=1,
        name=name,
        uin="100000000001",
        issuer="private",
        kind="TXT",
        label="_dnsauth",
        value="x",
        made_at=NOON,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields are given by name


def good(name: str = NAMES[0], at: datetime = NOON) -> Proof:
    """Make a proof that was found, of a name that CAA permits."""
    return proof(name, proved_at=at, looked_at=at, looks=1, caa_at=at)


def step(its: Order, *proofs: Proof, now: datetime = NOON) -> Step:
    """Give the next step."""
    return next_step(its, proofs, now, INTERVAL)


# --- what is needed to issue ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2027, 3, 14, 12, tzinfo=UTC), 200),
        (datetime(2027, 3, 15, 12, tzinfo=UTC), 100),
        (datetime(2029, 3, 15, 12, tzinfo=UTC), 10),
    ],
)
def test_a_proof_is_relied_on_so_many_days_and_then_looked_for_again(
    now: datetime, days: int
) -> None:
    """As many as hold on the day (Baseline Requirements 4.2.1)."""
    its = order(deadline=now + timedelta(days=3))
    last = good(at=now - timedelta(days=days))
    old = good(at=now - timedelta(days=days) - SECOND)
    assert step(its, last, now=now) == AskCaa(NAMES[:1])
    assert step(its, old, now=now) == Prove(NAMES[:1])


moments = st.integers(-100_000, 100_000).map(lambda seconds: NOON + seconds * SECOND)
times = st.none() | moments
proofs_of_any_kind = st.builds(
    lambda name, proved, looked, looks, caa, reason: proof(
        name, proved_at=proved, looked_at=looked, looks=looks, caa_at=caa, caa_reason=reason
    ),
    st.sampled_from(NAMES),
    times,
    times,
    st.integers(0, 10**6),
    times,
    st.sampled_from(["", "refused"]),
)
orders_of_any_kind = st.builds(
    lambda names, status, message, deadline, ends_at: order(
        tuple(names), status=status, message=message, deadline=deadline, ends_at=ends_at
    ),
    st.lists(st.sampled_from([*NAMES, f"*.{NAMES[0]}"]), min_size=1, max_size=4, unique=True),
    st.sampled_from(Status),
    st.sampled_from([*StatusMessage, None]),
    times,
    times,
)


@given(
    its=orders_of_any_kind,
    proofs=st.lists(proofs_of_any_kind, max_size=4, unique_by=lambda each: each.name),
    now=moments,
    seconds=st.integers(1, 10_000),
)
def test_an_order_is_issued_on_proofs_and_permissions_of_all_its_names(
    its: Order, proofs: list[Proof], now: datetime, seconds: int
) -> None:
    """However it stands: under review, every name proved, and CAA's permission still fresh."""
    try:
        decided = next_step(its, proofs, now, seconds * SECOND)
    except ProofsMissing:
        assert not {name.removeprefix("*.") for name in its.ascii_names} <= {p.name for p in proofs}
        return
    if isinstance(decided, Issue):
        assert its.status in (0, 4, 11)
        assert its.waits_for in GOING_ON
        by_name = {each.name: each for each in proofs}
        for name in its.ascii_names:
            its_proof = by_name[name.removeprefix("*.")]
            assert its_proof.proved_at is not None
            assert its_proof.caa_at is not None
            assert now - its_proof.caa_at < CAA_LASTS
            assert its_proof.caa_reason == ""
    if isinstance(decided, Wait) and decided.until is not None:
        assert decided.until > now or its.status is Status.ISSUED
    if isinstance(decided, (Prove, AskCaa)):
        assert decided.names
    if isinstance(decided, Close):
        assert its.deadline is not None
        assert its.deadline <= now


def test_a_proved_and_permitted_order_is_issued() -> None:
    """Which the one above must not forget."""
    assert step(order(NAMES), *map(good, NAMES)) == Issue()
    assert step(order((f"*.{NAMES[0]}", NAMES[0])), good()) == Issue()


def test_a_name_that_has_no_proof_at_all_stops_everything() -> None:
    """Somebody took it out of the database: nothing is decided on the rest."""
    with pytest.raises(ProofsMissing, match=NAMES[1]):
        step(order(NAMES[:2]), good())


def test_a_permission_is_good_for_eight_hours() -> None:
    """Then CAA is asked again before anything is issued."""
    last = NOON + CAA_LASTS
    assert step(order(deadline=None), good(), now=last - SECOND) == Issue()
    assert step(order(deadline=None), good(), now=last) == AskCaa((NAMES[0],))
    assert not caa_permits(good(), last)


@pytest.mark.parametrize("message", [*StatusMessage, None])
def test_an_order_waits_while_people_look_at_it(message: StatusMessage | None) -> None:
    """Whatever is proved; no time ends that."""
    expected = Issue() if message in GOING_ON else Wait(None)
    assert step(order(message=message), good()) == expected


# --- when it looks -------------------------------------------------------------------------------


@given(seconds=st.integers(1, 3600), looks=st.integers(1, 10**9))
def test_pauses_double_up_to_ten_minutes(seconds: int, looks: int) -> None:
    """Never shorter than the interval, which may be longer than that."""
    interval = seconds * SECOND
    first, second = (
        next_check(proof(looked_at=NOON, looks=count), interval) - NOON
        for count in (looks, looks + 1)
    )
    longest = max(interval, timedelta(minutes=10))
    assert interval <= first <= second <= longest
    assert second == min(2 * first, longest)


def test_a_new_proof_is_looked_for_at_once() -> None:
    """And each of several when its own time comes."""
    fresh = [proof(name) for name in NAMES]
    assert step(order(NAMES), *fresh) == Prove(NAMES)
    looked = [
        proof(NAMES[0], looked_at=NOON, looks=1),
        proof(NAMES[1], looked_at=NOON, looks=2),
        good(NAMES[2]),
    ]
    assert step(order(NAMES), *looked) == Wait(NOON + INTERVAL)
    assert step(order(NAMES), *looked, now=NOON + INTERVAL) == Prove(NAMES[:1])
    assert step(order(NAMES), *looked, now=NOON + 2 * INTERVAL) == Prove(NAMES[:2])


def test_caa_is_asked_when_all_names_are_proved() -> None:
    """At once, and a minute after it refused."""
    proved = proof(proved_at=NOON, looked_at=NOON, looks=1)
    assert step(order(NAMES[:2]), proved, proof(NAMES[1])) == Prove(NAMES[1:2])
    assert step(order(), proved) == AskCaa(NAMES[:1])
    refused = replace(proved, caa_at=NOON, caa_reason="no")
    assert step(order(), refused) == Wait(NOON + timedelta(minutes=1))
    assert step(order(), refused, now=NOON + timedelta(minutes=1)) == AskCaa(NAMES[:1])


# --- how it ends ---------------------------------------------------------------------------------


def test_an_order_is_closed_at_its_deadline_and_not_before() -> None:
    """It wakes up for it; a last check made just before is good."""
    last = NOON + timedelta(seconds=95)
    its = order(deadline=last)
    tired = proof(looked_at=NOON, looks=9)
    assert step(its, tired, now=last - SECOND) == Wait(last)
    assert step(its, tired, now=last) == Close(TIMED_OUT)
    assert step(its, good(), now=last) == Issue()


def test_an_order_that_caa_refuses_is_closed_with_the_reason() -> None:
    """At the same deadline."""
    last = NOON + timedelta(seconds=95)
    refused = replace(good(), caa_reason="only other-ca.example may")
    its = order(deadline=last)
    assert step(its, refused, now=NOON + timedelta(seconds=90)) == AskCaa(NAMES[:1])
    again = replace(refused, caa_at=NOON + timedelta(seconds=90))
    assert step(its, again, now=last) == Close("only other-ca.example may")


LATE = NOON + timedelta(days=9)
MISSED = proof(looked_at=NOON, looks=1)
"""A proof that was to be looked for ten seconds after noon."""


def test_a_check_that_was_missed_before_the_deadline_is_made_up_for_once() -> None:
    """The desk was off; the name that was looked for to the end is not looked for again."""
    its = order(NAMES[:2])
    assert its.deadline is not None
    to_the_end = proof(NAMES[1], looked_at=its.deadline - SECOND, looks=20)
    assert step(its, MISSED, to_the_end, now=LATE) == Prove(NAMES[:1])
    made_up_for = replace(MISSED, looked_at=LATE, looks=2)
    assert step(its, made_up_for, to_the_end, now=LATE) == Close(TIMED_OUT)
    assert step(order(), good(at=LATE), now=LATE) == Issue()


def test_a_question_to_caa_that_was_missed_is_made_up_for_once() -> None:
    """As a check is."""
    refused = replace(good(), caa_reason="only other-ca.example may")
    assert step(order(), refused, now=LATE) == AskCaa(NAMES[:1])
    made_up_for = replace(refused, caa_at=LATE)
    assert step(order(), made_up_for, now=LATE) == Close("only other-ca.example may")


def test_a_value_that_is_older_than_a_proof_may_be_is_not_looked_for_after_the_deadline() -> None:
    """Whoever published it may have the name no more."""
    last = NOON + timedelta(days=200)
    assert step(order(), MISSED, now=last) == Prove(NAMES[:1])
    assert step(order(), MISSED, now=last + SECOND) == Close(TIMED_OUT)


def test_a_certificate_ends_after_its_last_second() -> None:
    """It is good to the end of the second that it names."""
    issued = order(status=Status.ISSUED, message=None, ends_at=NOON)
    assert step(issued, now=NOON - SECOND) == Wait(NOON + SECOND)
    assert step(issued, now=NOON + SECOND) == Expire()


def test_what_moves_to_another_account_does_so_first() -> None:
    """Though its certificate has ended meanwhile: that is seen to there."""
    assert step(order(status=Status.MIGRATING, message=None, ends_at=NOON), now=NOON) == Move()
    ended = order(status=Status.MIGRATING, message=None, ends_at=NOON - SECOND)
    assert step(ended, now=NOON) == Move()


@pytest.mark.parametrize("status", sorted(set(Status) - {0, 1, 4, 6, 9, 11, 12, 15}))
def test_elsewhere_an_order_waits_for_somebody(status: Status) -> None:
    """Nothing happens by itself, however good its proofs are."""
    assert step(order(status=status), good()) == Wait(None)


def with_record(attempt: int = 1, **fields: object) -> Proof:
    """Make a proof whose record the desk has added at noon."""
    return proof(NAMES[0], attempt=attempt, added_at=NOON, **fields)


def issued(**fields: object) -> Order:
    """Make an order whose certificate was issued at noon."""
    made = order(status=Status.ISSUED, message=None, ends_at=NOON + timedelta(days=90))
    return replace(made, begins_at=NOON, **fields)  # type: ignore[arg-type]  # of any field


def removals(its: Order, attempt: int = 1) -> tuple[tuple[int, str], ...]:
    """Tell which records an order has removed, of one that was added for an attempt."""
    found = next_step(its, [good()], NOON + SENT_FOR, INTERVAL, added=[with_record(attempt)])
    return found.records if isinstance(found, Remove) else ()


def test_a_record_that_is_wanted_is_left_alone() -> None:
    """While the names are proved, and of an issued certificate until its deletion is asked for."""
    assert removals(order(status=Status.RECORD_ADDED)) == ()
    assert removals(order(status=Status.AWAITING_LETTER)) == ()
    assert removals(issued()) == ()
    assert removals(issued(delete_record=True)) == ((1, NAMES[0]),)


@pytest.mark.parametrize("status", [2, 5, 6, 7, 13])
def test_what_came_to_nothing_leaves_no_record(status: int) -> None:
    """Nor does what an earlier attempt had published, or a revocation that is over."""
    assert removals(order(status=Status(status))) == ((1, NAMES[0]),)
    assert removals(order(status=Status.RECORD_ADDED), attempt=0) == ((0, NAMES[0]),)
    assert removals(issued(), attempt=2) == ((2, NAMES[0]),)


def test_the_record_of_a_revocation_is_wanted_until_it_is_over() -> None:
    """And that of the order is not removed for its sake."""
    revoking = replace(
        issued(), status=Status.REVOKING, revocation=Revocation(2, "superseded", Decider.OWNER)
    )
    assert removals(revoking) == removals(revoking, attempt=2) == ()


def test_a_record_is_not_removed_while_it_may_be_on_its_way() -> None:
    """The desk may have sent the update that adds it just now."""
    failed = order(status=Status.REVIEW_FAILED)
    added = [with_record()]
    assert next_step(failed, [], NOON, INTERVAL, added=added) == Wait(NOON + SENT_FOR)
    assert isinstance(next_step(failed, [], NOON + SENT_FOR, INTERVAL, added=added), Remove)


def test_removals_are_tried_with_pauses_for_about_a_day() -> None:
    """They double up to an hour."""
    pauses = [
        next_removal(with_record(removals=tries, removal_at=NOON), INTERVAL) - NOON
        for tries in range(1, MOST_REMOVALS)
    ]
    assert pauses[:3] == [INTERVAL, 2 * INTERVAL, 4 * INTERVAL]
    assert pauses[-1] == LONGEST_REMOVAL_PAUSE
    assert timedelta(hours=20) < sum(pauses, timedelta()) < timedelta(hours=24)


def test_an_order_is_cancelled_when_nothing_is_left_to_be_undone() -> None:
    """It waits for the next try before."""
    cancelling = order(status=Status.CANCELLING)
    tried = with_record(removals=1, removal_at=NOON)
    assert next_step(cancelling, [], NOON, INTERVAL, added=[tried]) == Wait(NOON + INTERVAL)
    assert next_step(cancelling, [], NOON, INTERVAL) == EndCancelling()


MOST_STEPS = 2000


@dataclasses.dataclass(frozen=True)
class World:
    """When a name's proof appears and CAA begins to permit, and how long a check takes."""

    proved_from: datetime | None
    permitted_from: datetime | None
    look: timedelta

    def prove(self, its: Proof, now: datetime) -> Proof:
        """Look for the proof."""
        there = self.proved_from is not None and self.proved_from <= now
        found = its.proved_at or (now if there else None)
        return replace(its, proved_at=found, looked_at=now, looks=its.looks + 1)

    def ask_caa(self, its: Proof, now: datetime) -> Proof:
        """Look for CAA records."""
        permitted = self.permitted_from is not None and self.permitted_from <= now
        return replace(its, caa_at=now, caa_reason="" if permitted else "no")


later = st.none() | st.integers(0, 6 * 3600).map(lambda seconds: NOON + seconds * SECOND)
worlds = st.builds(World, later, later, st.integers(0, 20).map(lambda seconds: seconds * SECOND))


@settings(max_examples=200)
@given(
    world=st.lists(worlds, min_size=1, max_size=3),
    hours=st.integers(1, 6),
    seconds=st.integers(5, 900),
)
def test_every_order_comes_to_an_end(world: list[World], hours: int, seconds: int) -> None:
    """Issued as soon as it may be, or closed at its deadline; whatever appears when."""
    by_name = dict(zip(NAMES, world, strict=False))
    names = tuple(by_name)
    its = order(names, deadline=NOON + timedelta(hours=hours))
    assert its.deadline is not None
    proofs = {name: proof(name) for name in names}
    now, pauses = NOON, 0
    for taken in itertools.count():
        assert taken < MOST_STEPS
        decided = next_step(its, list(proofs.values()), now, seconds * SECOND)
        match decided:
            case Prove(due) | AskCaa(due):
                now += max(by_name[name].look for name in due)
                for name in due:
                    look = (
                        by_name[name].prove if isinstance(decided, Prove) else by_name[name].ask_caa
                    )
                    proofs[name] = look(proofs[name], now)
            case Wait(until):
                assert until is not None
                assert now < until <= its.deadline
                now, pauses = until, pauses + 1
            case _:
                break
    in_time = all(
        each.proved_from is not None and each.permitted_from is not None for each in world
    )
    if isinstance(decided, Issue):
        assert in_time
        assert all(caa_permits(each, now) for each in proofs.values())
    else:
        assert isinstance(decided, Close)
        assert now >= its.deadline
        # What appears too shortly before it may be found too late.
        shortly = max(6 * seconds, 600) * SECOND + timedelta(minutes=2)
        assert any(
            at is None or at >= its.deadline - shortly
            for each in world
            for at in (each.proved_from, each.permitted_from)
        )


# --- what is needed to revoke --------------------------------------------------------------------


def to_revoke(
    message: StatusMessage | None = StatusMessage.PENDING_DCV,
    *,
    status: Status = Status.REVOKING,
    deadline: datetime | None = NOON + timedelta(days=3),
    names: tuple[str, ...] = NAMES[:1],
) -> Order:
    """Make an order whose certificate is to be revoked; that was asked for at noon."""
    ends = NOON + timedelta(days=90)
    return order(names, status=status, message=message, deadline=deadline, ends_at=ends)


@given(
    its=orders_of_any_kind,
    proofs=st.lists(proofs_of_any_kind, max_size=4, unique_by=lambda each: each.name),
    now=moments,
)
def test_a_certificate_is_revoked_on_proofs_of_all_its_names_or_by_people(
    its: Order, proofs: list[Proof], now: datetime
) -> None:
    """However it stands: at status 9, and not while people look at the request."""
    try:
        decided = next_step(its, proofs, now, INTERVAL)
    except ProofsMissing:
        return
    if isinstance(decided, Revoke):
        assert its.status == 9
        assert its.waits_for in (StatusMessage.PENDING_DCV, StatusMessage.WAIT_ISSUE, None)
        if its.waits_for is StatusMessage.PENDING_DCV:
            found = {each.name for each in proofs if each.proved_at is not None}
            assert {name.removeprefix("*.") for name in its.ascii_names} <= found
    if isinstance(decided, DeclineRevocation):
        assert its.status in (9, 12)
        assert its.deadline is not None
        assert its.deadline <= now


def test_names_are_looked_for_until_all_are_proved_and_caa_is_not_asked() -> None:
    """To take back what was issued needs nobody's permission."""
    its = to_revoke(names=NAMES[:2])
    assert step(its, proof(NAMES[0]), proof(NAMES[1])) == Prove(NAMES[:2])
    first = proof(NAMES[0], proved_at=NOON)
    assert step(its, first, proof(NAMES[1])) == Prove((NAMES[1],))
    assert step(its, first, proof(NAMES[1], proved_at=NOON)) == Revoke()


def test_a_revocation_that_nobody_proves_is_given_up() -> None:
    """At its deadline, and not before."""
    at = NOON + timedelta(days=3)
    unproved = proof(looked_at=at - SECOND, looks=20)
    assert step(to_revoke(), unproved, now=at - SECOND) == Wait(at)
    assert step(to_revoke(), unproved, now=at) == DeclineRevocation(NOT_PROVED)


def test_a_revocation_has_its_missed_check_too() -> None:
    """It is given up after that."""
    assert step(to_revoke(), MISSED, now=LATE) == Prove(NAMES[:1])
    made_up_for = replace(MISSED, looked_at=LATE, looks=2)
    assert step(to_revoke(), made_up_for, now=LATE) == DeclineRevocation(NOT_PROVED)


def test_a_proof_found_in_time_counts_after_the_deadline() -> None:
    """The desk was down meanwhile."""
    late = NOON + timedelta(days=9)
    assert step(to_revoke(), proof(proved_at=NOON), now=late) == Revoke()


def test_nothing_is_revoked_where_a_proof_is_lost() -> None:
    """Nobody knows whether it was there."""
    with pytest.raises(ProofsMissing, match=NAMES[1]):
        step(to_revoke(names=NAMES[:2]), proof(NAMES[0], proved_at=NOON))


def test_people_have_the_last_word_on_a_letter() -> None:
    """Without a hurry; then the certificate is revoked without a proof."""
    looked_at = to_revoke(StatusMessage.LEGAL_REVIEWING, deadline=None)
    assert step(looked_at, now=NOON + timedelta(days=30)) == Wait(None)
    assert step(to_revoke(None, deadline=None)) == Revoke()


def test_a_letter_is_awaited_for_as_long_as_a_proof() -> None:
    """Then the certificate stays."""
    its = to_revoke(None, status=Status.AWAITING_REVOCATION_LETTER)
    assert its.deadline is not None
    assert step(its) == Wait(its.deadline)
    assert step(its, now=its.deadline) == DeclineRevocation(NO_LETTER)


# --- keys that are blocked -----------------------------------------------------------------------


def key(*, compromised: bool) -> BlockedKey:
    """Make a blocked key."""
    return BlockedKey(spki_sha256=b"", reason="", created_at=NOON, compromised=compromised)


@given(
    its=orders_of_any_kind,
    proofs=st.lists(proofs_of_any_kind, max_size=4, unique_by=lambda each: each.name),
    now=moments,
    compromised=st.booleans(),
)
def test_nothing_goes_on_for_a_blocked_key(
    its: Order, proofs: list[Proof], now: datetime, *, compromised: bool
) -> None:
    """However it stands: orders fail, and good certificates are revoked if others know the key."""
    try:
        before = next_step(its, proofs, now, INTERVAL)
    except ProofsMissing:
        before = Wait(None)
    if its.status in (0, 4, 8, 11):
        wanted: Step = Close(KEY_BLOCKED)
    elif compromised and its.status in (1, 9, 12) and not isinstance(before, Expire | Revoke):
        wanted = RevokeCompromised()
    else:
        wanted = before
    with contextlib.suppress(ProofsMissing):
        assert next_step(its, proofs, now, INTERVAL, key(compromised=compromised)) == wanted
