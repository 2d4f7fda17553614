"""What every store owes of sums: they are those of the records, and no race gets past a quota."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.accounts.quotas import COUNTED, QuotaExceeded
from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import OrderQuery
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.records import Letter
from certdesk.ports import COLLECTIONS, Store, Unit
from tests.contract.test_store import NOON, entry, order, submission
from tests.storage.stores import KINDS, of_two_desks

if TYPE_CHECKING:
    pass

ONE, OTHER = "100000000001", "100000000002"
ROOM = 20


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Store]]:
    """The stores of two desks on one database, where it can have two."""
    with of_two_desks(request.param, tmp_path, request) as both:
        yield both


# --- sums ----------------------------------------------------------------------------------------

Change = Callable[[Unit], object]


class Undone(Exception):
    """A commit is to leave nothing."""


def letter(uin: str, certificate_id: str, size: int) -> Letter:
    """Make a letter."""
    return Letter(
        certificate_id=certificate_id,
        attempt=1,
        kind="confirm",
        uin=uin,
        form="PDF",
        size=size,
        sha256="",
        content=b"",
        uploaded_at=NOON,
    )


def put_order(its: str, uin: str, status: Status, tags: int, unit: Unit) -> None:
    """Have an order in an account, with names and tags."""
    there = unit.orders.get(its)
    wanted: dict[str, Any] = {
        "uin": uin,
        "status": status,
        "tags": (("k", "v"),) * tags,
        "domain": "example.com",
        "names": ("a.example.com",) * tags,
    }
    if there is None:
        unit.orders.add(replace(order(its), **wanted))
    else:
        unit.orders.replace(replace(there, **wanted))


def put_submission(its: str, uin: str, size: int, unit: Unit) -> None:
    """Have material in an account, of a size."""
    there = unit.submissions.get(its, 1)
    wanted: dict[str, Any] = {"uin": uin, "facts": "x" * size}
    if there is None:
        unit.submissions.add(replace(submission(its, 1), **wanted))
    else:
        unit.submissions.replace(replace(there, **wanted))


def put_letter(its: str, uin: str, size: int, unit: Unit) -> None:
    """Have a letter in an account."""
    unit.letters.remove(its, 1, "confirm")
    unit.letters.add(letter(uin, its, size))


def remove(its: str, unit: Unit) -> None:
    """Have none of that."""
    unit.orders.remove(its)
    unit.submissions.remove(its, 1)
    unit.letters.remove(its, 1, "confirm")


def note(uin: str, unit: Unit) -> None:
    """Write a row of the log."""
    unit.audit.add(replace(entry(), uin=uin))


_ids, _uins, _sizes = st.sampled_from("abc"), st.sampled_from([ONE, OTHER]), st.integers(0, 9)
changes = st.one_of(
    st.builds(
        functools.partial,
        st.just(put_order),
        _ids,
        _uins,
        st.sampled_from(Status),
        st.integers(0, 3),
    ),
    st.builds(functools.partial, st.just(put_submission), _ids, _uins, _sizes),
    st.builds(functools.partial, st.just(put_letter), _ids, _uins, _sizes),
    st.builds(functools.partial, st.just(remove), _ids),
    st.builds(functools.partial, st.just(note), _uins),
)
commits = st.lists(st.tuples(st.lists(changes, max_size=4), st.booleans()), max_size=6)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=commits)
def test_the_sums_are_those_of_the_records(
    stores: list[Store], made: list[tuple[list[Change], bool]]
) -> None:
    """Whatever was added, changed, moved, removed and undone, at whichever desk."""
    for turn, (each, undone) in enumerate(made):
        store = stores[turn % 2]
        commit = functools.partial(carry_out, each, undone=undone)
        if undone:
            with pytest.raises(Undone):
                store.write(commit)
        else:
            store.write(commit)
    for store in stores:
        for uin in (ONE, OTHER):
            told, counted = store.read(functools.partial(both, uin))
            assert told == counted


def carry_out(each: list[Change], unit: Unit, *, undone: bool) -> None:
    """Change what is to be changed; leave nothing of it where it is to be undone."""
    for number, change in enumerate(each):
        change(unit)
        if number % 2:
            unit.usage.count_changes({})
    if undone:
        raise Undone


def both(uin: str, unit: Unit) -> tuple[dict[str, int], dict[str, int]]:
    """Give what the sums say, and what the records do."""
    found = Counter(dict.fromkeys(COUNTED, 0))
    for spec in COLLECTIONS:
        if spec.measure is not None:
            for record in unit.collection(spec).where(uin=uin):
                found.update(spec.measure(record))
    return dict(unit.usage.of(uin)), dict(found)


# --- quotas --------------------------------------------------------------------------------------


def add_row(unit: Unit) -> None:
    """Write a row of the log where there is room for it."""
    note(ONE, unit)
    unit.usage.count_changes({"audit": ROOM})


def test_no_race_between_desks_gets_past_a_quota(stores: list[Store]) -> None:
    """Of thirty that add at once, twenty do; and after ten are gone, ten more."""
    assert added(stores) == ROOM
    stores[0].write(remove_rows)
    assert added(stores) == ROOM // 2
    assert stores[1].read(lambda unit: unit.audit.count(uin=ONE)) == ROOM


def added(stores: list[Store]) -> int:
    """Add thirty rows from both desks at once; give how many were."""

    def attempt(turn: int) -> bool:
        try:
            stores[turn % 2].write(add_row)
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        return sum(threads.map(attempt, range(30)))


def remove_rows(unit: Unit) -> None:
    """Remove half of them."""
    rows: list[AuditEntry] = unit.audit.where(uin=ONE)
    for row in rows[: ROOM // 2]:
        unit.audit.remove(row.entry_id)


def test_what_is_refused_leaves_its_neighbours_alone(stores: list[Store]) -> None:
    """Commits of other accounts that share its transaction."""
    waiting = [
        store.submit(functools.partial(add_for, uin))
        for store in stores
        for uin in [ONE, OTHER] * 10
    ]
    refused = [each for each in waiting if isinstance(each.exception(30), QuotaExceeded)]
    told = stores[0].read(lambda unit: [unit.audit.count(uin=uin) for uin in (ONE, OTHER)])
    assert (len(refused), told) == (2 * 15, [5, 5])


def add_for(uin: str, unit: Unit) -> None:
    """Write a row, of which there may be five."""
    note(uin, unit)
    unit.usage.count_changes({"audit": 5})


def test_a_quota_that_became_smaller_refuses_what_adds_alone(stores: list[Store]) -> None:
    """What removes or adds nothing goes on."""
    store = stores[0]
    for _ in range(3):
        store.write(functools.partial(note, ONE))
    store.write(lambda unit: unit.usage.count_changes({"audit": 0}))
    store.write(functools.partial(remove_within, 0))
    with pytest.raises(QuotaExceeded):
        store.write(functools.partial(add_for_none, ONE))
    assert store.read(lambda unit: unit.usage.of(ONE))["audit"] == 2


def remove_within(most: int, unit: Unit) -> None:
    """Remove a row, of which there may be so many."""
    (first, *_) = unit.audit.where(uin=ONE)
    unit.audit.remove(first.entry_id)
    unit.usage.count_changes({"audit": most})


def add_for_none(uin: str, unit: Unit) -> None:
    """Write a row, of which there may be none."""
    note(uin, unit)
    unit.usage.count_changes({"audit": 0})


def test_what_a_commit_that_failed_has_read_counts_for_no_other(stores: list[Store]) -> None:
    """An order that it changed and read has the same version as the change of another desk."""
    one, other = stores
    bought = one.write(lambda unit: unit.orders.add(replace(order("id000001"), uin=ONE)))

    def change_and_fail(unit: Unit) -> None:
        unit.orders.replace(replace(bought, alias="undone"))
        unit.orders.get(bought.certificate_id)
        raise Undone

    with pytest.raises(Undone):
        one.write(change_and_fail)
    named = other.write(lambda unit: unit.orders.replace(replace(bought, alias="first")))
    one.write(lambda unit: unit.orders.replace(replace(named, alias="second")))

    def found(text: str) -> int:
        query = OrderQuery(uin=ONE, text=text, limit=10)
        return other.read(lambda unit: unit.orders.page(query).total)

    assert [found(text) for text in ("undone", "first", "second")] == [0, 0, 1]
