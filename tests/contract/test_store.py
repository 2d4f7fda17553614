"""What every store promises, proven on each adapter; a new one joins by a line in ADAPTERS."""

from __future__ import annotations

import enum
import functools
import sqlite3
import threading
import types
import typing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from random import SystemRandom
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.accounts.account import AccessKey, Account
from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.orders.lifecycle import Status, StatusMessage
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal, Submission, Task
from certdesk.domain.pki.records import Issuance
from certdesk.domain.values.mark import Mark
from certdesk.domain.values.organisation import Company
from certdesk.domain.values.record import Record, replace
from certdesk.ports import (
    COLLECTIONS,
    CollectionSpec,
    Stale,
    Store,
    StoreUnavailable,
    Taken,
    Unit,
)
from certdesk.storage import ReadOnly
from certdesk.storage.postgresql.store import PostgresStore
from certdesk.storage.session import Library
from certdesk.storage.sqlite import SqliteStore
from certdesk.testing.store import MemoryStore

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.postgres import Cluster

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
MANY = 8

# How to open an empty store; what it needs for that it asks the test for.
ADAPTERS: dict[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda test: SqliteStore.open(folder(test) / "desk.db"),
    "sqlite, rollback journal": lambda test: SqliteStore.open(
        folder(test) / "desk.db", library=Library(sqlite3, write_ahead=False)
    ),
    "postgresql": lambda test: PostgresStore.open(database(test), rng=SystemRandom()),
}
NEEDS = {"postgresql": pytest.mark.needs("postgres")}


def folder(test: pytest.FixtureRequest) -> Path:
    """Give the test's own folder."""
    return typing.cast("Path", test.getfixturevalue("tmp_path"))


def database(test: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database of PostgreSQL."""
    return typing.cast("Cluster", test.getfixturevalue("postgres")).emptied_database()


@pytest.fixture(params=[pytest.param(name, marks=NEEDS.get(name, ())) for name in ADAPTERS])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = ADAPTERS[request.param](request)
    yield opened
    opened.close()


def account(uin: str = "100000000001", name: str = "alice") -> Account:
    """Make an account."""
    return Account(
        uin=uin, name=name, verified=True, enabled=True, created_at=NOON, keyset=b"\x00\xff"
    )


def order(
    certificate_id: str, uin: str = "100000000001", waits_for: StatusMessage | None = None
) -> Order:
    """Make an order."""
    return Order(
        certificate_id=certificate_id,
        uin=uin,
        product_id=25,
        domain_num=1,
        time_span=1,
        status=Status.AWAITING_MATERIAL,
        waits_for=waits_for,
        deal_id="20260301000000000000001",
        tags=(("team", "web"), ("stage", "")),
        created_at=NOON,
    )


def entry(subject: str = "aB3dE5fG") -> AuditEntry:
    """Make an audit entry that waits for its number."""
    return AuditEntry(
        at=NOON, request_id="r", uin="1", actor="operator", action="Test", subject=subject
    )


def company(uin: str = "100000000001") -> Company:
    """Make a company that waits for its number."""
    return Company(uin=uin, facts="{}", personal=b"", fingerprint=b"like", created_at=NOON)


def all_at_once(work: Callable[[int], Any], count: int = MANY) -> list[Any]:
    """Call `work` with 0, 1, … in threads that start together; give results and errors."""
    start = threading.Barrier(count)

    def one(number: int) -> Any:  # noqa: ANN401 -- whatever the work gives
        start.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 -- errors are results here
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# ---------------------------------------------------------------------------------- every record


def values(annotation: object) -> st.SearchStrategy[Any]:
    """Derive values of a field from its type."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return st.one_of([values(kind) for kind in typing.get_args(annotation)])
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return st.sampled_from(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        parts = typing.get_type_hints(annotation)
        return st.builds(annotation, **{name: values(kind) for name, kind in parts.items()})
    if typing.get_origin(annotation) is tuple:
        kinds = typing.get_args(annotation)
        if kinds[-1] is Ellipsis:
            return st.lists(values(kinds[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, kinds))
    return SCALARS[annotation]


# Texts as the wire lets them in: no NUL, no lone surrogates.
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    types.NoneType: st.none(),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    int: st.integers(1, 2**63 - 1),
    str: st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    datetime: st.datetimes(
        datetime(1970, 1, 1),  # noqa: DTZ001 -- the zone is drawn apart
        datetime(2100, 1, 1),  # noqa: DTZ001 -- the zone is drawn apart
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
    ),
}


@pytest.mark.parametrize("spec", COLLECTIONS, ids=lambda spec: spec.name)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_record_is_read_back_as_it_was_written(
    store: Store, spec: CollectionSpec[Any], data: st.DataObject
) -> None:
    """Every field of every kind of record survives, and finds its record again."""
    record = data.draw(st.builds(spec.record, **{n: values(t) for n, t in spec.fields.items()}))
    fields = {name: getattr(record, name) for name in spec.fields}

    store.write(lambda unit: unit.collection(spec).add(record))
    read = store.read(lambda unit: unit.collection(spec).get(*spec.key_of(record)))
    found = store.read(lambda unit: unit.collection(spec).where(**fields))
    store.write(lambda unit: unit.collection(spec).remove(*spec.key_of(record)))

    assert (record, [record]) == (read, found)


def test_a_time_is_read_back_in_utc(store: Store) -> None:
    """A time of another zone is the same instant."""
    local = NOON.astimezone(timezone(timedelta(hours=8)))
    store.write(lambda unit: unit.accounts.add(replace(account(), created_at=local)))

    read = store.read(lambda unit: unit.accounts.where()[0].created_at)

    assert local == read


# ------------------------------------------------------------------------------------ adding, keys


def test_a_key_is_taken_once(store: Store) -> None:
    """A second record with the same key is refused, and the first one stays."""
    store.write(lambda unit: unit.accounts.add(account(name="first")))

    with pytest.raises(Taken):
        store.write(lambda unit: unit.accounts.add(account(name="second")))

    assert store.read(lambda unit: [a.name for a in unit.accounts.where()]) == ["first"]


def test_a_commit_may_go_on_after_a_key_was_taken(store: Store) -> None:
    """Who draws an id that exists draws another one, in the same transaction."""
    store.write(lambda unit: unit.orders.add(order("aaaaaaaa")))

    def draw_again(unit: Unit) -> None:
        with pytest.raises(Taken):
            unit.orders.add(order("aaaaaaaa"))
        unit.orders.add(order("bbbbbbbb"))

    store.write(draw_again)

    assert store.read(lambda unit: unit.orders.count()) == 2


def test_numbers_go_up_from_one_and_are_never_given_twice(store: Store) -> None:
    """The number of a removed record is not given to the next."""
    first = store.write(lambda unit: unit.audit.add(entry()))
    second = store.write(lambda unit: unit.audit.add(entry()))
    store.write(lambda unit: unit.audit.remove(second.entry_id))
    third = store.write(lambda unit: unit.audit.add(entry()))

    assert [first.entry_id, second.entry_id, third.entry_id] == [1, 2, 3]


def test_each_collection_has_numbers_of_its_own(store: Store) -> None:
    """The first company is 1, however many audit entries there are."""
    store.write(lambda unit: [unit.audit.add(entry()) for _ in range(3)])

    assert store.write(lambda unit: unit.companies.add(company())).company_id == 1


def test_a_number_that_exists_is_taken(store: Store) -> None:
    """A record that brings its number is refused where the number exists."""
    stored = store.write(lambda unit: unit.companies.add(company()))

    with pytest.raises(Taken):
        store.write(lambda unit: unit.companies.add(stored))


def test_keys_differ_by_case(store: Store) -> None:
    """Certificate ids that differ in a letter's case are two orders."""
    _, second = store.write(
        lambda unit: [unit.orders.add(order(each)) for each in ("aB3dE5fG", "Ab3De5Fg")]
    )

    found = store.read(lambda unit: unit.orders.get("Ab3De5Fg"))

    assert second == found


def test_a_record_that_is_not_there_is_none(store: Store) -> None:
    """An unknown key is no error."""
    assert None is store.read(lambda unit: unit.orders.get("aaaaaaaa"))


def test_a_key_has_all_its_fields(store: Store) -> None:
    """A submission is not found by its order alone."""
    with pytest.raises(TypeError, match="certificate_id, number"):
        store.read(lambda unit: unit.submissions.get("aaaaaaaa"))


def test_removing_tells_whether_it_was_there(store: Store) -> None:
    """The second removal finds nothing."""
    store.write(lambda unit: unit.marks.add(Mark(name="kek", value=b"1")))

    removals = [store.write(lambda unit: unit.marks.remove("kek")) for _ in range(2)]

    assert removals == [True, False]


# ---------------------------------------------------------------------------------------- changing


def test_a_change_gives_the_next_version(store: Store) -> None:
    """What `replace` gives is what is stored."""
    stored = store.write(lambda unit: unit.accounts.add(account()))
    renamed = replace(stored, name="bob")

    changed = store.write(lambda unit: unit.accounts.replace(renamed))

    assert replace(account(name="bob"), version=2) == changed
    assert changed == store.read(lambda unit: unit.accounts.get(account().uin))


def test_a_change_of_an_old_version_is_stale(store: Store) -> None:
    """Who read before somebody else wrote changes nothing."""
    old = store.write(lambda unit: unit.accounts.add(account()))
    store.write(lambda unit: unit.accounts.replace(replace(old, name="won")))

    with pytest.raises(Stale):
        store.write(lambda unit: unit.accounts.replace(replace(old, name="lost")))

    assert store.read(lambda unit: [a.name for a in unit.accounts.where()]) == ["won"]


def test_a_change_of_what_is_gone_is_stale(store: Store) -> None:
    """A removed record is not brought back by changing it."""
    with pytest.raises(Stale):
        store.write(lambda unit: unit.accounts.replace(account()))

    assert store.read(lambda unit: unit.accounts.count()) == 0


def test_a_record_without_a_version_is_never_changed(store: Store) -> None:
    """The audit log cannot be rewritten."""
    stored = store.write(lambda unit: unit.audit.add(entry()))

    with pytest.raises(TypeError, match="never changed"):
        store.write(lambda unit: unit.audit.replace(stored))


# --------------------------------------------------------------------------------------- searching


def test_a_filter_takes_records_that_are_equal_in_every_field(store: Store) -> None:
    """Two conditions hold both."""
    orders = [
        order("a", uin="1"),
        order("b", uin="2"),
        order("c", uin="1", waits_for=StatusMessage.WAIT_ISSUE),
    ]
    store.write(lambda unit: [unit.orders.add(each) for each in orders])

    found = store.read(lambda unit: unit.orders.where(uin="1", status=Status.AWAITING_MATERIAL))
    late = store.read(lambda unit: unit.orders.where(uin="1", waits_for=StatusMessage.WAIT_ISSUE))

    assert tuple([o.certificate_id for o in each] for each in (found, late)) == (["a", "c"], ["c"])


def test_a_filter_for_none_takes_records_without_a_value(store: Store) -> None:
    """None is a value like others in a filter."""
    without, _ = store.write(
        lambda unit: [
            unit.orders.add(order("a")),
            unit.orders.add(order("b", "1", StatusMessage.WAIT_ISSUE)),
        ]
    )

    found = store.read(lambda unit: unit.orders.where(waits_for=None))

    assert [without] == found
    assert store.read(lambda unit: unit.orders.count(waits_for=None)) == 1


@pytest.mark.parametrize("value", ["' OR 1=1 --", '"', "%", "_", "\\", ":uin", "?"])
def test_a_value_is_only_a_value(store: Store, value: str) -> None:
    """Nothing in a filter or a key is read as a part of the question."""
    store.write(lambda unit: unit.access_keys.add(access_key("AKID", uin="1")))

    found = store.read(lambda unit: (unit.access_keys.where(uin=value), unit.orders.get(value)))

    assert found == ([], None)


def access_key(secret_id: str, uin: str) -> AccessKey:
    """Make an access key."""
    return AccessKey(
        secret_id=secret_id,
        uin=uin,
        sealed_secret=b"",
        enabled=True,
        created_at=NOON,
    )


def test_records_come_in_the_order_of_their_keys_by_code_point(store: Store) -> None:
    """Capitals come before small letters, and letters with accents after both."""
    store.write(lambda unit: [unit.orders.add(order(each)) for each in ("é", "b", "B", "a", "中")])

    found = store.read(lambda unit: [each.certificate_id for each in unit.orders.where()])

    assert found == ["B", "a", "b", "é", "中"]


def test_numbers_in_keys_are_ordered_as_numbers(store: Store) -> None:
    """The tenth submission comes after the second."""
    store.write(lambda unit: [unit.submissions.add(submission("a", n)) for n in (10, 2, 1)])
    store.write(lambda unit: unit.submissions.add(submission("A", 3)))

    found = store.read(lambda unit: [s.number for s in unit.submissions.where()])

    assert found == [3, 1, 2, 10]


def submission(certificate_id: str, number: int) -> Submission:
    """Make a submission of a CSR."""
    return Submission(
        certificate_id=certificate_id,
        number=number,
        uin="1",
        submitted_at=NOON,
        request_id="r",
        facts="{}",
        personal=b"",
        key_pass=None,
        private_key=None,
        csr="",
        key="rsa-2048",
        spki_sha256=b"",
        company_id=None,
        manager_id=None,
    )


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({}, "abcde"),
        ({"limit": 2}, "ab"),
        ({"offset": 3}, "de"),
        ({"offset": 1, "limit": 2}, "bc"),
        ({"offset": 4, "limit": 2}, "e"),
        ({"offset": 5}, ""),
        ({"limit": 0}, ""),
    ],
)
def test_a_page_is_a_part_of_all_in_order(
    store: Store, page: dict[str, int], expected: str
) -> None:
    """An offset leaves records out, a limit ends the page."""
    store.write(lambda unit: [unit.orders.add(order(each)) for each in "cbeda"])

    found = store.read(lambda unit: unit.orders.where(uin=order("a").uin, **page))

    assert list(expected) == [each.certificate_id for each in found]


@pytest.mark.parametrize("page", [{"offset": -1}, {"limit": -1}])
def test_a_page_is_not_negative(store: Store, page: dict[str, int]) -> None:
    """A limit of -1 is not `everything`."""
    with pytest.raises(ValueError, match="negative"):
        store.read(lambda unit: unit.orders.where(**page))


@pytest.mark.parametrize("search", ["where", "count"])
def test_a_filter_by_no_field_is_refused(store: Store, search: str) -> None:
    """A misspelt filter does not find everything, and names what is wrong."""
    with pytest.raises(TypeError, match="Order has no owner"):
        store.read(lambda unit: getattr(unit.orders, search)(owner="1"))


def test_counting_counts_what_a_filter_takes(store: Store) -> None:
    """Without a filter it counts everything."""
    store.write(lambda unit: [unit.orders.add(order(each, uin=each)) for each in "abc"])

    counts = store.read(lambda unit: (unit.orders.count(), unit.orders.count(uin="b")))

    assert counts == (3, 1)


# ------------------------------------------------------------------------------------ transactions


def test_a_commit_sees_its_own_writes(store: Store) -> None:
    """What was added, changed or removed before is so for the rest of the commit."""

    def commit(unit: Unit) -> tuple[list[str], int]:
        unit.orders.add(order("a"))
        unit.orders.replace(unit.orders.add(replace(order("b"), alias="x")))
        unit.orders.remove("a")
        return [each.alias for each in unit.orders.where()], unit.orders.count()

    assert store.write(commit) == (["x"], 1)


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
def test_a_commit_that_raises_leaves_nothing_and_its_error_comes_out(
    store: Store, kind: type[BaseException]
) -> None:
    """Additions, changes and removals are all undone."""
    first = store.write(lambda unit: [unit.orders.add(order(each)) for each in "ab"])
    refusal = kind("no")

    def commit(unit: Unit) -> None:
        unit.orders.add(order("c"))
        unit.orders.replace(replace(order("a"), alias="changed"))
        unit.orders.remove("b")
        unit.audit.add(entry())
        raise refusal

    with pytest.raises(kind) as raised:
        store.write(commit)

    assert refusal is raised.value
    assert first == store.read(lambda unit: unit.orders.where())
    assert store.read(lambda unit: unit.audit.count()) == 0


def test_a_refused_commit_disturbs_no_neighbour(store: Store) -> None:
    """Of many commits at once, those that raise leave nothing and the others all stay."""

    def work(number: int) -> None:
        def commit(unit: Unit) -> None:
            unit.audit.add(entry(subject=str(number)))
            if number % 2:
                raise ValueError(number)

        store.write(commit)

    answers = all_at_once(work)
    subjects = store.read(lambda unit: [each.subject for each in unit.audit.where()])

    assert [isinstance(each, ValueError) for each in answers] == [False, True] * (MANY // 2)
    assert {"0", "2", "4", "6"} == set(subjects)


def test_of_many_that_look_first_and_then_add_one_wins(store: Store) -> None:
    """A commit sees all of another's work or none: nobody decides on half of it."""

    def work(number: int) -> bool:
        def commit(unit: Unit) -> bool:
            if unit.marks.get("winner"):
                return False
            unit.marks.add(Mark(name="winner", value=bytes([number])))
            return True

        return store.write(commit)

    assert sorted(all_at_once(work)) == [False] * (MANY - 1) + [True]


def test_no_change_of_many_is_lost(store: Store) -> None:
    """A record that is read and changed in one commit counts every one of them."""
    store.write(lambda unit: unit.accounts.add(account()))

    def change(unit: Unit) -> None:
        stored = unit.accounts.get(account().uin)
        assert stored
        unit.accounts.replace(stored)

    all_at_once(lambda _: [store.write(change) for _ in range(10)])

    assert store.read(lambda unit: [a.version for a in unit.accounts.where()]) == [1 + 10 * MANY]


def test_of_many_that_change_one_version_one_wins(store: Store) -> None:
    """The others learn that what they had read is stale."""
    stored = store.write(lambda unit: unit.accounts.add(account()))

    answers = all_at_once(lambda _: store.write(lambda unit: unit.accounts.replace(stored)))

    assert sum(isinstance(answer, Stale) for answer in answers) == MANY - 1


def test_a_commit_cannot_write_through_the_store(store: Store) -> None:
    """It would wait for itself; it is told so, and the store goes on."""
    with pytest.raises(RuntimeError, match="it has its unit"):
        store.write(lambda _: store.write(lambda unit: unit.orders.count()))

    assert store.write(lambda unit: unit.orders.count()) == 0


# ----------------------------------------------------------------------------------------- reading


def test_a_read_sees_only_what_is_committed(store: Store) -> None:
    """While a commit is under way, a read sees the state before it."""
    with ThreadPoolExecutor() as pool:

        def commit(unit: Unit) -> int:
            unit.orders.add(order("a"))
            count: int = pool.submit(store.read, lambda other: other.orders.count()).result()
            return count

        seen_meanwhile = store.write(commit)

    assert (seen_meanwhile, store.read(lambda unit: unit.orders.count())) == (0, 1)


def test_a_read_sees_one_state_throughout(store: Store) -> None:
    """Two records that always change together are never seen apart."""
    store.write(lambda unit: [unit.accounts.add(account(uin)) for uin in "12"])

    def change(unit: Unit) -> None:
        for stored in unit.accounts.where():
            unit.accounts.replace(stored)

    def read(unit: Unit) -> bool:
        one, two = unit.accounts.get("1"), unit.accounts.get("2")
        return one is not None and two is not None and one.version == two.version

    def work(number: int) -> list[bool | None]:
        return [store.read(read) if number % 2 else store.write(change) for _ in range(10)]

    seen = [answer for answers in all_at_once(work) for answer in answers]

    assert {None, True} == set(seen)


def test_an_error_in_a_read_comes_out_and_the_store_goes_on(store: Store) -> None:
    """The next read works."""

    def read(unit: Unit) -> None:
        unit.orders.count()
        raise KeyError("gone")

    for _ in range(3):
        with pytest.raises(KeyError, match="gone"):
            store.read(read)

    assert store.read(lambda unit: unit.orders.count()) == 0


WRITES: dict[str, Callable[[Unit], object]] = {
    "add": lambda unit: unit.orders.add(order("b")),
    "replace": lambda unit: unit.orders.replace(order("a")),
    "remove": lambda unit: unit.orders.remove("a"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_read_does_not_write(store: Store, write: str) -> None:
    """Whoever tries is told, and nothing changes."""
    first = store.write(lambda unit: unit.orders.add(order("a")))

    with pytest.raises(ReadOnly):
        store.read(WRITES[write])

    assert [first] == store.read(lambda unit: unit.orders.where())


# ----------------------------------------------------------------------------------------- closing


def test_a_closed_store_refuses(store: Store) -> None:
    """Neither writes nor reads are taken any more, and closing twice is nothing."""
    store.close()
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.write(lambda unit: unit.orders.count())
    with pytest.raises(StoreUnavailable, match="closed"):
        store.read(lambda unit: unit.orders.count())


def test_a_store_that_closes_finishes_what_was_begun(store: Store) -> None:
    """Every write that is answered with a result was done, the others with an error."""
    closing = threading.Event()

    def work(number: int) -> str:
        def commit(unit: Unit) -> str:
            unit.marks.add(Mark(name=str(number), value=b""))
            closing.wait()
            return str(number)

        if number:
            return store.write(commit)
        closing.set()
        store.close()
        return "closed"

    answers = all_at_once(work)

    assert all(isinstance(answer, str | StoreUnavailable) for answer in answers)


def task(certificate_id: str, due_at: datetime | None) -> Task:
    """Make a task."""
    return Task(certificate_id=certificate_id, uin="100000000001", due_at=due_at)


def issuance(certificate_id: str, serial: str | None, issuer: str = "private") -> Issuance:
    """Make the record of an issuance."""
    return Issuance(
        certificate_id=certificate_id,
        attempt=1,
        uin="100000000001",
        issuer=issuer,
        state=b"",
        serial=serial,
        begun_at=NOON,
    )


def add_renewal(renewal: Renewal, unit: Unit) -> None:
    """Add it."""
    unit.renewals.add(renewal)


def test_what_is_due_comes_earliest_first_and_no_more_than_asked_for(store: Store) -> None:
    """A time that is not set is never due."""
    late, early, later = NOON, NOON - timedelta(hours=1), NOON + timedelta(microseconds=1)
    times = {"a": late, "b": early, "c": later, "d": None, "e": early}
    store.write(lambda unit: [unit.tasks.add(task(name, at)) for name, at in times.items()])

    due = store.read(lambda unit: unit.tasks.due("due_at", NOON, 10))
    first = store.read(lambda unit: unit.tasks.due("due_at", NOON, 2))

    assert [each.certificate_id for each in due] == ["b", "e", "a"]
    assert first == due[:2]


def test_pruning_takes_what_is_earlier_and_equal_in_every_field(store: Store) -> None:
    """Not what has no time, nor what has the very time."""
    times = {"old": NOON - timedelta(days=2), "edge": NOON, "none": None}

    def fill(unit: Unit) -> None:
        for name, time in times.items():
            for uin in ("1", "2"):
                unit.orders.add(replace(order(f"{name}{uin}".rjust(8, "x"), uin), ends_at=time))

    store.write(fill)

    def left(unit: Unit) -> list[str]:
        return [each.certificate_id.lstrip("x") for each in unit.orders.where()]

    assert store.write(lambda unit: unit.orders.prune("ends_at", NOON, uin="2")) == 1
    assert store.read(left) == ["edge1", "edge2", "none1", "none2", "old1"]
    assert store.write(lambda unit: unit.orders.prune("ends_at", NOON)) == 1
    assert store.read(left) == ["edge1", "edge2", "none1", "none2"]
    with pytest.raises(TypeError):
        store.write(lambda unit: unit.orders.prune("ends_at", NOON, nothing=1))


def test_what_is_due_can_come_in_the_order_of_another_time(store: Store) -> None:
    """Of what is due, that first which ends first."""
    ends = {"a": 3, "b": 1, "c": 2, "d": 0}
    for name, days in ends.items():
        renewal = Renewal(
            certificate_id=name,
            uin="100000000001",
            ends_at=NOON + timedelta(days=days),
            due_at=NOON + timedelta(hours=name == "d"),
        )
        store.write(functools.partial(add_renewal, renewal))

    found = store.read(lambda unit: unit.renewals.due("due_at", NOON, 2, first="ends_at"))

    assert [each.certificate_id for each in found] == ["b", "c"]


def test_what_is_due_can_leave_out_what_has_a_value(store: Store) -> None:
    """Whatever the limit, and also a value that is none."""
    reasons = {"a": "", "b": "waits", "c": "waits", "d": "fails"}
    made = [replace(task(name, NOON), reason=why) for name, why in reasons.items()]
    store.write(lambda unit: [unit.tasks.add(each) for each in made])

    def due(limit: int, **unlike: Sequence[object]) -> list[str]:
        found = store.read(lambda unit: unit.tasks.due("due_at", NOON, limit, unlike=unlike))
        return [each.certificate_id for each in found]

    assert due(2, reason=["waits"]) == ["a", "d"]
    assert due(9, reason=["waits"], certificate_id=["a"]) == ["d"]
    assert due(9, reason=["waits", "fails"]) == ["a"]
    assert due(9, due_at=[None]) == ["a", "b", "c", "d"]
    assert due(9, reason=[]) == ["a", "b", "c", "d"]
    with pytest.raises(TypeError):
        due(1, nothing=[1])


def test_the_newest_of_what_is_due_can_come_first(store: Store) -> None:
    """Those with the same time are in key order all the same."""
    times = {"a": 2, "b": 0, "c": 0, "d": 1, "e": -1}
    made = [task(name, NOON - timedelta(hours=hours)) for name, hours in times.items()]
    store.write(lambda unit: [unit.tasks.add(each) for each in made])

    found = store.read(lambda unit: unit.tasks.due("due_at", NOON, 3, newest=True))
    assert [each.certificate_id for each in found] == ["b", "c", "d"]


def test_what_is_due_can_be_asked_for_by_a_value(store: Store) -> None:
    """As what is read otherwise; a value may be none."""
    reasons = {"a": "", "b": "waits", "c": "waits", "d": "fails"}
    made = [replace(task(name, NOON), reason=why) for name, why in reasons.items()]
    store.write(lambda unit: [unit.tasks.add(each) for each in made])

    def look(unit: Unit) -> list[list[Task]]:
        tasks = unit.tasks
        return [
            tasks.due("due_at", NOON, 9, reason="waits"),
            tasks.due("due_at", NOON, 9, reason="waits", unlike={"certificate_id": ["b"]}),
            tasks.due("due_at", NOON, 9, reason="waits", failures=1),
            tasks.due("due_at", NOON, 9, due_at=None),
        ]

    found = [[each.certificate_id for each in tasks] for tasks in store.read(look)]
    assert found == [["b", "c"], ["c"], [], []]
    with pytest.raises(TypeError):
        store.read(lambda unit: unit.tasks.due("due_at", NOON, 9, nothing=1))


def test_a_unique_value_is_taken_once_and_none_as_often_as_one_likes(store: Store) -> None:
    """Two orders never get one serial number of an issuer."""
    store.write(lambda unit: unit.issuances.add(issuance("a", "1f")))
    store.write(lambda unit: unit.issuances.add(issuance("b", "1f", issuer="another")))
    store.write(lambda unit: [unit.issuances.add(issuance(name, None)) for name in "cd"])

    with pytest.raises(Taken):
        store.write(lambda unit: unit.issuances.add(issuance("e", "1f")))
    assert store.read(lambda unit: unit.issuances.count()) == 4
