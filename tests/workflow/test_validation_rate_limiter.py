"""Looks of all accounts, orders and desks at one domain together keep its limit."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.validation.challenge import Challenge, Finding
from certdesk.domain.validation.rate_limit import PROOF
from certdesk.domain.values.names import DomainName
from certdesk.ports import Store
from certdesk.testing.clock import ManualClock
from certdesk.workflow.validation_rate_limiter import Admitted, ValidationRateLimiter
from tests.inside import InsideDesk
from tests.rules import rules_with
from tests.storage.stores import KINDS, of_two_desks
from tests.workflow.ordering import Ordered, submit

if TYPE_CHECKING:
    pass

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RULES = rules_with(checks_per_domain=60)
MANY = 60


def checks(desk: InsideDesk) -> Counter[tuple[str, str]]:
    """Count the checks that were made, by kind and registrable domain."""
    proofs = (each.name for validator in desk.validators.values() for each in validator.checked)
    caa = (name.removeprefix("*.") for name in desk.caa.checked)
    counted = Counter(("proof", DomainName(name).registrable) for name in proofs)
    return counted + Counter(("caa", DomainName(name).registrable) for name in caa)


def names_of(domain: str, order: int, count: int) -> list[str]:
    """Give names of a domain that no other order has."""
    return [f"n{number}.o{order}.{domain}" for number in range(count)]


orders = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["one.com", "two.co.uk"]),
        st.sampled_from([1, 25, 70]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)
"""Whose order it is, in which domain, for how many names, and whether its proofs are there."""


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=orders, seconds=st.lists(st.integers(0, 20), min_size=1, max_size=4))
def test_no_orders_make_more_checks_of_a_domain_than_its_limit(
    tmp_path_factory: pytest.TempPathFactory,
    asked: list[tuple[int, str, int, bool]],
    seconds: list[int],
) -> None:
    """By background work and by CheckCertificateDomainVerification, for proofs and for CAA."""
    with InsideDesk(tmp_path_factory.mktemp("pacing")) as desk:
        accounts = [desk.account() for _ in range(3)]
        made = []
        for number, (whose, domain, count, proved) in enumerate(asked):
            names = names_of(domain, number, count)
            made.append(submit(desk, accounts[whose], *names))
            if proved:
                made[-1].prove(*names)
        passed = 0
        for later in seconds:
            passed += later
            desk.clock.move(later * SECOND)
            for order in made:
                work_on(order)
            assert max(checks(desk).values()) <= 60 + passed


def work_on(order: Ordered) -> None:
    """Take an order on, and have its names looked at now."""
    order.desk.take_on(order.certificate_id)
    if order.desk.order(order.certificate_id).status is Status.UNDER_REVIEW:
        order.desk.call(
            order.caller, "CheckCertificateDomainVerification", CertificateId=order.certificate_id
        )


def test_who_waits_for_room_is_due_when_there_is_some(tmp_path: Path) -> None:
    """An order of sixty names has forty looked at at once, and one more each second."""
    with InsideDesk(tmp_path) as desk:
        order = submit(desk, desk.account(), *names_of("one.com", 0, MANY))
        order.prove(*names_of("one.com", 0, MANY))
        due_at = desk.take_on(order.certificate_id)
        assert checks(desk) == {("proof", "one.com"): 40}
        assert due_at == desk.clock.now() + SECOND
        for _ in range(20):
            desk.clock.move(SECOND)
            desk.take_on(order.certificate_id)
        assert checks(desk)["proof", "one.com"] == MANY


def test_orders_that_wait_come_back_one_after_the_other(tmp_path: Path) -> None:
    """Not all at once, to find that there is room for one."""
    with InsideDesk(tmp_path) as desk:
        caller = desk.account()
        waiting = [submit(desk, caller, f"o{number}.one.com") for number in range(50)]
        dues = [desk.take_on(order.certificate_id) for order in waiting]
        later = [due for due in dues[40:] if due is not None]
        assert later == [desk.clock.now() + n * SECOND for n in range(1, 11)]


def test_the_owner_is_not_behind_the_orders_of_another_account(tmp_path: Path) -> None:
    """Its proof is looked for at once, and so are its CAA records."""
    with InsideDesk(tmp_path) as desk:
        hostile, owner = desk.account(), desk.account()
        for number in range(3):
            desk.take_on(submit(desk, hostile, *names_of("one.com", number, MANY)).certificate_id)
        order = submit(desk, owner, "shop.one.com")
        order.prove("shop.one.com")
        desk.take_on(order.certificate_id)
        assert order.proofs["shop.one.com"].proved_at == desk.clock.now()
        assert desk.caa.checked == ["shop.one.com"]


def test_a_domain_that_does_not_answer_is_looked_at_less(tmp_path: Path) -> None:
    """Each look counts as ten, so that an account has one each six seconds."""
    with InsideDesk(tmp_path) as desk:
        order = submit(desk, desk.account(), *names_of("one.com", 0, MANY))
        for validator in desk.validators.values():
            validator.silent = True
        for _ in range(20):
            desk.take_on(order.certificate_id)
            desk.clock.move(SECOND)
        # Forty begin before the first has ended; after that it would be one each second.
        assert checks(desk)["proof", "one.com"] <= 40 + 4


def test_a_check_that_ends_while_others_are_counted_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was under way when it was asked for, so it was not counted as a further one."""
    with InsideDesk(tmp_path) as desk:
        order = desk.order(submit(desk, desk.account(), "one.com").certificate_id)
        goes_on = threading.Event()
        for validator in desk.validators.values():
            monkeypatch.setattr(validator, "validate", after(goes_on, validator.validate))
        first = desk.validation_run.prove_now(order, ["one.com"])
        assert first is not None
        take = ValidationRateLimiter.take

        def taken_late(self: ValidationRateLimiter, *asked: Any, **how: Any) -> Admitted:  # noqa: ANN401 -- as `take`
            goes_on.set()
            first.result(30)
            return take(self, *asked, **how)

        monkeypatch.setattr(ValidationRateLimiter, "take", taken_late)
        second = desk.validation_run.prove_now(order, ["one.com"])
        assert second is not None
        second.result(30)
        assert checks(desk) == {("proof", "one.com"): 1}


def after(
    goes_on: threading.Event, validate: Callable[[Challenge], Finding]
) -> Callable[..., Finding]:
    """Return a check that waits until it may go on."""

    def held(challenge: Challenge) -> Finding:
        assert goes_on.wait(30)
        return validate(challenge)

    return held


def test_the_operators_own_names_are_not_counted(tmp_path: Path) -> None:
    """Nobody is bombarded who is not asked."""
    rules = rules_with(internal_suffixes=frozenset({"corp.internal"}))
    with InsideDesk(tmp_path, rules=rules) as desk:
        order = submit(desk, desk.account(), *names_of("corp.internal", 0, MANY))
        desk.take_on(order.certificate_id)
        assert checks(desk)["proof", DomainName("n0.o0.corp.internal").registrable] == MANY


def test_without_a_limit_all_are_looked_at(tmp_path: Path) -> None:
    """`proof.per_domain = 0`."""
    with InsideDesk(tmp_path, rules=rules_with(checks_per_domain=0)) as desk:
        order = submit(desk, desk.account(), *names_of("one.com", 0, MANY))
        desk.take_on(order.certificate_id)
        assert checks(desk)["proof", "one.com"] == MANY


@pytest.fixture(params=KINDS)
def desks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Store]]:
    """The stores of two desks on one database, where it can have two."""
    with of_two_desks(request.param, tmp_path, request) as both:
        yield both


def test_desks_of_one_database_keep_one_limit(desks: list[Store]) -> None:
    """Eight accounts want ten looks each at the same time, at two desks."""
    clock = ManualClock(NOON)
    rate_limiters = [ValidationRateLimiter(store, clock, RULES) for store in desks]

    def ask(turn: int) -> int:
        names = names_of("one.com", turn, 10)
        taken = rate_limiters[turn % 2].take(f"account {turn % 8}", PROOF, names, in_line=False)
        return len(taken.names)

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(ask, range(24))) == 60
