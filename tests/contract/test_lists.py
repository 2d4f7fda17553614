"""Pages of orders and of the audit log: what every store answers, and that all answer alike."""

from __future__ import annotations

import contextlib
import functools
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certdesk.domain.accounts.audit_search import AuditPart, AuditSearch
from certdesk.domain.accounts.policy import ALLOW, Grants, Policy
from certdesk.domain.accounts.records import AuditEntry, AuditQuery
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import OrderPage, OrderQuery, Sort
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.ports import Store, Taken, Unit
from certdesk.testing.store import MemoryStore
from tests.contract.orders_and_queries import (
    NAMES,
    NOON,
    PERMISSION,
    asked_of,
    behind,
    of,
    orders,
    put,
    queries,
)
from tests.storage.stores import KINDS, WITH_SQL, of_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCOUNTS = map(str, itertools.count(100000000001))
"""A store is shared by the tests of this file, and each account is used by one of them."""


@pytest.fixture(scope="module", params=KINDS)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store of each kind."""
    folder = tmp_path_factory.mktemp("lists")
    with of_kind(request.param, folder, request, lasting=True) as made:
        yield made


@pytest.fixture(scope="module", params=WITH_SQL)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store of each kind that answers by indexes."""
    folder = tmp_path_factory.mktemp("lists")
    with of_kind(request.param, folder, request, lasting=True) as made:
        yield made


@pytest.fixture
def uin() -> str:
    """An account of the test's own."""
    return next(ACCOUNTS)


def order(uin: str, name: str, **changes: object) -> Order:
    """Make an order."""
    made = Order(
        certificate_id=f"{uin}{name}",
        uin=uin,
        product_id=25,
        domain_num=1,
        time_span=1,
        status=Status.AWAITING_MATERIAL,
        deal_id="20260301000000000000001",
        created_at=NOON,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields are given by name


def put_all(store: Store, *orders: Order) -> None:
    """Store orders, one after the other."""
    store.write(lambda unit: [put(unit, each) for each in orders])


def adding(order: Order) -> Callable[[Unit], Order]:
    """Make a commit that adds an order."""
    return lambda unit: unit.orders.add(order)


def found(store: Store, uin: str, **asked: object) -> tuple[str, int]:
    """Ask for a page; give the last letters of its ids, and how many there are in all."""
    query = OrderQuery(uin=uin, **{"limit": 10} | asked)  # type: ignore[arg-type]  # the fields are given by name
    page = store.read(lambda unit: unit.orders.page(query))
    return "".join(each.certificate_id[-1] for each in page.orders), page.total


# ------------------------------------------------------------------------------- all stores alike


steps = st.tuples(
    st.lists(orders(), max_size=4), st.lists(st.sampled_from(NAMES), max_size=1), st.booleans()
)
"""What a commit adds or changes, what it removes, and whether it thinks better of it."""


def commit_of(uin: str, step: tuple[list[Order], list[str], bool]) -> Callable[[Unit], None]:
    """Make the commit of a step."""
    changed, gone, refused = step

    def commit(unit: Unit) -> None:
        for each in changed:
            put(unit, of(uin, each))
        for name in gone:
            unit.orders.remove(f"{uin}{name}")
        if refused:
            raise KeyError

    return commit


def unnumbered(page: OrderPage) -> OrderPage:
    """Return a page without the numbers, which each store gives by itself."""
    orders = tuple(replace(order, number=0) for order in page.orders)
    return replace(page, orders=orders)


@settings(max_examples=100)
@given(
    story=st.lists(steps, min_size=1, max_size=3),
    asked=st.lists(st.tuples(queries, st.none() | st.sampled_from(NAMES)), min_size=1, max_size=8),
)
def test_a_database_answers_as_memory_does(
    database: Store,
    story: list[tuple[list[Order], list[str], bool]],
    asked: list[tuple[OrderQuery, str | None]],
) -> None:
    """Whatever was added, changed, removed or rolled back before, and whatever is asked."""
    uin, memory = next(ACCOUNTS), MemoryStore()
    for store, step in itertools.product((memory, database), story):
        with contextlib.suppress(KeyError):
            store.write(commit_of(uin, step))

    def pages(unit: Unit) -> list[OrderPage]:
        return [
            unnumbered(unit.orders.page(behind(unit, uin, asked_of(uin, query), after)))
            for query, after in asked
        ]

    def names(unit: Unit) -> list[int]:
        return [unit.orders.count_names(uin=uin, manager_id=number) for number in (1, 2)]

    assert database.read(pages) == memory.read(pages)
    assert database.read(names) == memory.read(names)


# ---------------------------------------------------------------------------- what a list is like


def test_a_list_is_newest_first_and_of_one_account(store: Store, uin: str) -> None:
    """Newest is what was added last, whatever its time says."""
    late = order(uin, "a", created_at=NOON + timedelta(days=1))
    put_all(store, late, order(next(ACCOUNTS), "x"), order(uin, "b"), order(uin, "c"))

    assert found(store, uin) == ("cba", 3)
    assert found(store, uin, limit=2) == ("cb", 3)
    assert found(store, uin, limit=2, offset=2) == ("a", 3)
    assert found(store, uin, offset=3) == ("", 3)
    assert found(store, uin, limit=0) == ("", 3)
    assert found(store, "1") == ("", 0)


def test_an_order_keeps_its_place_when_it_changes(store: Store, uin: str) -> None:
    """Its number is the store's, and is never given again."""
    put_all(store, order(uin, "a"), order(uin, "b"))
    put_all(store, order(uin, "a", alias="changed", number=99))
    store.write(lambda unit: unit.orders.remove(f"{uin}b"))
    put_all(store, order(uin, "c"))

    read = store.read(lambda unit: [unit.orders.get(f"{uin}{name}") for name in "ac"])
    first, second = (each.number for each in read if each)
    assert found(store, uin) == ("ca", 2)
    assert second > first + 1


def test_an_order_whose_id_or_number_exists_is_taken(store: Store, uin: str) -> None:
    """Nothing is counted for it."""
    number = store.write(lambda unit: unit.orders.add(order(uin, "a"))).number

    for taken in (order(uin, "a"), order(uin, "b", number=number)):
        with pytest.raises(Taken):
            store.write(adding(taken))

    assert found(store, uin) == ("a", 1)


def test_counts_follow_each_change(store: Store, uin: str) -> None:
    """Of status, of project, and of both at once; and what is gone is not counted."""
    put_all(store, order(uin, "a"), order(uin, "b"), order(uin, "c"))
    put_all(store, order(uin, "a", status=Status.CANCELLED))
    put_all(store, order(uin, "b", status=Status.CANCELLED, project_id=7))

    cancelled, waiting = frozenset({Status.CANCELLED}), frozenset({Status.AWAITING_MATERIAL})
    assert found(store, uin, statuses=cancelled) == ("ba", 2)
    assert found(store, uin, statuses=waiting) == ("c", 1)
    assert found(store, uin, statuses=cancelled | waiting) == ("cba", 3)
    assert found(store, uin, project_id=7) == ("b", 1)
    assert found(store, uin, project_id=0, statuses=cancelled) == ("a", 1)
    assert found(store, uin, project_id=8) == ("", 0)
    store.write(lambda unit: unit.orders.remove(f"{uin}b"))
    assert found(store, uin, project_id=7) == ("", 0)


def test_the_names_of_a_manager_are_counted_once_each(store: Store, uin: str) -> None:
    """As they stand in orders now; another account's orders and other managers do not count."""

    def counts() -> list[int]:
        return store.read(
            lambda unit: [unit.orders.count_names(uin=uin, manager_id=id_) for id_ in (5, 6)]
        )

    shared = {"domain": "example.com", "manager_id": 5}
    put_all(
        store,
        order(uin, "a", names=("www.example.com", "example.com"), **shared),
        order(uin, "b", names=("mail.example.com",), **shared),
        order(uin, "c", domain="example.org"),
        order(next(ACCOUNTS), "x", names=("example.net",), **shared),
    )
    assert counts() == [3, 0]
    put_all(store, order(uin, "b", **shared | {"manager_id": 6}))
    assert counts() == [2, 1]
    put_all(store, order(uin, "a", domain="example.com"))
    assert counts() == [0, 1]
    store.write(lambda unit: unit.orders.remove(f"{uin}b"))
    assert counts() == [0, 0]


def test_a_text_is_found_wherever_it_stands(store: Store, uin: str) -> None:
    """In the id, the alias and each name, in any case, but not across two of them."""
    put_all(
        store,
        order(uin, "Q", alias="Mail for the Shop"),
        order(uin, "R", domain="*.example.com", names=("bücher.example", "xn--p1ai.example")),
        order(uin, "S", alias="100% \"quoted\" 'text' & (more)"),
    )

    for text, names in {
        "mail": "Q",
        "for the": "Q",
        "shop": "Q",
        "e": "SRQ",
        "*.exam": "R",
        "bücher": "R",
        "n--p": "R",
        "example.combücher": "",
        "%": "S",
        '"quoted" \'': "S",
        "& (": "S",
        "example_com": "",
        f"{uin}q": "Q",
        uin: "SRQ",
        "t" * 64: "",
    }.items():
        assert found(store, uin, text=text) == (names, len(names)), text


def test_a_text_is_looked_for_with_everything_else(store: Store, uin: str) -> None:
    """All conditions hold at once."""
    put_all(
        store,
        order(uin, "a", alias="shop", project_id=3),
        order(uin, "b", alias="shop", status=Status.ISSUED),
        order(uin, "c", alias="mail"),
    )
    put_all(store, order(uin, "c", alias="shop"), order(uin, "a", alias="mail", project_id=3))

    assert found(store, uin, text="shop") == ("cb", 2)
    assert found(store, uin, text="shop", statuses=frozenset({Status.ISSUED})) == ("b", 1)
    assert found(store, uin, text="mail", project_id=3) == ("a", 1)
    assert found(store, uin, text="mail", project_id=0) == ("", 0)
    assert found(store, uin, text="shop", limit=1, offset=1) == ("b", 2)


def test_more_than_64_characters_are_not_looked_for(uin: str) -> None:
    """Whoever asks has to say so before."""
    with pytest.raises(ValueError, match="64 characters"):
        OrderQuery(uin=uin, limit=10, text="a" * 65)


def test_all_tags_have_to_be_there(store: Store, uin: str) -> None:
    """Key and value, exactly."""
    web, prod = ("team", "web"), ("stage", "prod")
    put_all(store, order(uin, "a", tags=(web, prod)), order(uin, "b", tags=(web,)), order(uin, "c"))

    assert found(store, uin, tags=(web,)) == ("ba", 2)
    assert found(store, uin, tags=(prod, web)) == ("a", 1)
    assert found(store, uin, tags=(("team", "we"),)) == ("", 0)
    assert found(store, uin, tags=(web,), text="a") == ("a", 1)


def test_a_list_by_the_end_has_what_has_none_at_its_end(store: Store, uin: str) -> None:
    """Both ways."""
    days = {name: NOON + timedelta(days=day) for name, day in {"a": 3, "b": 1, "c": 2}.items()}
    put_all(store, *(order(uin, name, ends_at=end) for name, end in days.items()), order(uin, "d"))

    assert found(store, uin, sort=Sort.ENDS_FIRST) == ("bcad", 4)
    assert found(store, uin, sort=Sort.ENDS_LAST) == ("acbd", 4)
    assert found(store, uin, sort=Sort.ENDS_FIRST, limit=2, offset=2) == ("ad", 4)
    assert found(store, uin, ends_from=days["c"]) == ("ca", 2)
    assert found(store, uin, ends_until=days["c"], sort=Sort.ENDS_LAST) == ("cb", 2)
    assert found(store, uin, ends_from=days["b"], ends_until=days["b"]) == ("b", 1)


def test_a_list_of_ids_has_those_that_are_there(store: Store, uin: str) -> None:
    """Another account's are as absent as those of nobody."""
    other = next(ACCOUNTS)
    put_all(store, order(uin, "a"), order(uin, "b"), order(other, "c"))

    ids = frozenset({f"{uin}a", f"{other}c", "nobody"})
    assert found(store, uin, certificates=ids) == ("a", 1)
    assert found(store, uin, certificates=frozenset()) == ("", 0)


def test_only_what_policies_allow_is_listed_and_counted(store: Store, uin: str) -> None:
    """Whole projects, some certificates of one, and all but some of another."""
    put_all(
        store,
        *(
            order(uin, name, project_id=project)
            for name, project in zip("abcdef", (0, 0, 1, 1, 2, 2), strict=True)
        ),
    )

    def allowed(*rules: tuple[str, str, str]) -> tuple[str, int]:
        policies = tuple(
            Policy(
                uin=uin,
                name="",
                effect=effect,
                certificates=tuple("*" if name == "*" else f"{uin}{name}" for name in names),
                projects=tuple(projects),
                created_at=NOON,
            )
            for effect, names, projects in rules
        )
        return found(store, uin, permission=PERMISSION, grants=Grants(policies))

    assert allowed((ALLOW, "*", "1")) == ("dc", 2)
    assert allowed((ALLOW, "ac", "*"), (ALLOW, "*", "2")) == ("feca", 4)
    assert allowed((ALLOW, "*", "*"), ("deny", "e", "*"), ("deny", "*", "0")) == ("fdc", 3)
    assert allowed((ALLOW, "*", "*"), ("deny", "*", "*")) == ("", 0)
    assert allowed() == ("", 0)


def test_a_list_of_very_many_projects_is_whole(store: Store, uin: str) -> None:
    """Also with more ranges than are merged."""
    put_all(store, *(order(uin, f"{number:03}", project_id=number) for number in range(80)))
    policy = Policy(uin=uin, name="", effect=ALLOW, created_at=NOON)
    denial = replace(policy, effect="deny", projects=("5",))
    query = OrderQuery(
        uin=uin, limit=4, permission=PERMISSION, grants=Grants((policy, denial)), offset=73
    )

    page = store.read(lambda unit: unit.orders.page(query))

    names = [each.certificate_id.removeprefix(uin) for each in page.orders]
    assert (names, page.total) == (["006", "004", "003", "002"], 79)


def test_a_list_sees_the_commits_own_writes(store: Store, uin: str) -> None:
    """As everything else in a unit does."""

    def commit(unit: Unit) -> tuple[int, int]:
        unit.orders.add(order(uin, "a", alias="fresh"))
        query = OrderQuery(uin=uin, limit=1)
        return unit.orders.page(query).total, unit.orders.page(replace(query, text="resh")).total

    assert store.write(commit) == (1, 1)


# -------------------------------------------------------------------------------------- audit log


def test_a_page_of_the_audit_log_is_newest_first(store: Store, uin: str) -> None:
    """Of one account, of the actions asked for, in the time asked for, both ends included."""

    def entry(action: str, minutes: int, owner: str = uin) -> AuditEntry:
        return AuditEntry(
            at=NOON + timedelta(minutes=minutes),
            request_id="r",
            uin=owner,
            actor="AKID",
            action=action,
            subject=f"{action}{minutes}",
        )

    entries = [entry("A", 0), entry("B", 3), entry("A", 2), entry("C", 1), entry("A", 2, "1")]
    entries.append(entry("A", 2))
    store.write(lambda unit: [unit.audit.add(each) for each in entries])
    query = AuditQuery(
        uin=uin,
        actions=frozenset("AB"),
        since=NOON,
        until=NOON + timedelta(minutes=3),
        limit=10,
    )

    def subjects(**changes: object) -> tuple[list[str], int]:
        changed = replace(query, **changes)  # type: ignore[arg-type]  # the fields are given by name
        page = store.read(lambda unit: unit.audit.page(changed))
        return [each.subject for each in page.entries], page.total

    assert subjects() == (["B3", "A2", "A2", "A0"], 4)
    assert subjects(limit=2, offset=1) == (["A2", "A2"], 4)
    assert subjects(limit=0) == ([], 4)
    assert subjects(since=NOON + timedelta(seconds=1)) == (["B3", "A2", "A2"], 3)
    assert subjects(until=NOON) == (["A0"], 1)
    assert subjects(actions=frozenset()) == ([], 0)


def searched(store: Store, query: AuditSearch) -> tuple[list[str], list[str]]:
    """Return the subjects of the first part of a search, and those of all parts that follow."""
    first: list[str] | None = None
    rest: list[str] = []
    while True:
        part = store.read(functools.partial(_part, query))
        subjects = [each.subject for each in part.entries]
        if first is None:
            first = subjects
        else:
            rest += subjects
        if part.further is None:
            return first, rest
        query = replace(query, after=part.further)


def _part(query: AuditSearch, unit: Unit) -> AuditPart:
    return unit.audit.search(query)


def test_a_search_of_the_audit_log_finds_by_each_field(store: Store, uin: str) -> None:
    """Also by several at once, and by a text without regard to ASCII capitals."""

    def entry(minutes: int, **fields: object) -> AuditEntry:
        usual = {"request_id": "r", "uin": uin, "actor": "AKID", "action": "A", "detail": ""}
        given: dict[str, object] = {**usual, "subject": f"{uin}-{minutes}", **fields}
        return AuditEntry(at=NOON + timedelta(minutes=minutes), **given)  # type: ignore[arg-type]  # the fields are given by name

    person = f"person {uin}"
    entries = [
        entry(0, detail="100% SURE"),
        entry(3, actor=person),
        entry(1, action="B"),
        entry(2, actor=person, uin="", action="B"),
        entry(2, detail="1000 sure"),
    ]
    store.write(lambda unit: [unit.audit.add(each) for each in entries])
    query = AuditSearch(limit=10, reach=100)

    def minutes(**fields: object) -> list[str]:
        narrowed = replace(query, **fields)  # type: ignore[arg-type]  # as above
        first, rest = searched(store, narrowed)
        return [each.removeprefix(f"{uin}-") for each in first + rest]

    assert minutes(uin=uin) == ["3", "2", "1", "0"]
    assert minutes(actor=person) == ["3", "2"]
    assert minutes(actor=person, action="B") == ["2"]
    assert minutes(uin=uin, actor="AKID") == ["2", "1", "0"]
    assert minutes(subject=f"{uin}-3", actor="AKID") == []
    assert minutes(subject=f"{uin}-2") == ["2", "2"]
    assert minutes(uin=uin, text="0% s") == ["0"]
    assert minutes(uin=uin, text="sure") == ["2", "0"]
    assert minutes(uin=uin, text="s_re") == []
    assert minutes(text=f"{uin}-1") == ["1"]
    its = {"since": NOON + timedelta(minutes=1), "until": NOON + timedelta(minutes=2)}
    assert minutes(uin=uin, **its) == ["2", "1"]
    assert minutes(actor=person, **its) == ["2"]


def test_a_search_of_the_audit_log_goes_on_where_it_stopped(store: Store, uin: str) -> None:
    """After the entries of a part, and after those looked through, which bound its cost."""
    entries = [
        AuditEntry(
            at=NOON + timedelta(minutes=minutes // 2),
            request_id="r",
            uin=uin,
            actor="AKID",
            action="AB"[minutes % 2],
            subject=str(minutes),
        )
        for minutes in range(7)
    ]
    store.write(lambda unit: [unit.audit.add(each) for each in entries])
    query = AuditSearch(uin=uin, limit=3, reach=100)

    assert searched(store, query) == (["6", "5", "4"], ["3", "2", "1", "0"])
    assert searched(store, replace(query, limit=7)) == (list("6543210"), [])
    assert searched(store, replace(query, reach=2, limit=5)) == (["6", "5"], list("43210"))
    assert searched(store, replace(query, reach=2, action="A")) == (["6"], ["4", "2", "0"])
    assert searched(store, replace(query, reach=7, action="B", limit=3)) == (["5", "3", "1"], [])
