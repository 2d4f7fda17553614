"""Lists are answered by indexes: no statement of theirs goes through a table."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.domain.accounts.audit_search import AuditPlace, AuditSearch
from certdesk.domain.accounts.policy import ALLOW, DENY, Grants, Policy
from certdesk.domain.accounts.records import AuditEntry, AuditQuery
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import OrderQuery, Sort
from certdesk.domain.orders.order import CA, SERVER, Order
from certdesk.domain.values.products import UPLOADED
from certdesk.storage.session import Library, Session, Sessions
from certdesk.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from certdesk.ports import Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERS = 40
PERMISSION = "ssl:DescribeCertificates"


def order(number: int) -> Order:
    """Make one of the orders."""
    status = Status.ISSUED if number % 2 else Status.AWAITING_MATERIAL
    uploaded = number in {1, 3}
    return Order(
        certificate_id=f"id{number:02}",
        uin="1",
        product_id=UPLOADED if uploaded else 25,
        certificate_type=CA if number == 1 else SERVER,
        domain_num=1,
        time_span=1,
        status=status,
        project_id=number % 3,
        deal_id="d",
        tags=(("team", "web"),),
        domain=f"shop{number:02}.example.com",
        manager_id=7,
        ends_at=NOON + timedelta(days=number) if number % 2 else None,
        created_at=NOON,
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A connection to a database with orders of two accounts and what was done to them."""
    path = tmp_path_factory.mktemp("pages") / "desk.db"
    entry = AuditEntry(at=NOON, request_id="r", uin="1", actor="a", action="Buy", subject="id01")

    def fill(unit: Unit) -> None:
        for number in range(ORDERS):
            unit.orders.add(order(number))
            unit.audit.add(entry)

    with closing(SqliteStore.open(path)) as store:
        store.write(fill)
    session = Sessions(path, Library.find(), 1).reader()
    with closing(session.connection):
        yield session


def policy(effect: str, certificates: tuple[str, ...], projects: tuple[str, ...]) -> Policy:
    """Make a policy."""
    return Policy(
        uin="1",
        name="",
        effect=effect,
        certificates=certificates,
        projects=projects,
        created_at=NOON,
    )


def plans(session: Session, ask: Callable[[Unit], object]) -> list[str]:
    """Give the steps by which the statements of a question are carried out."""
    driver: Any = session.connection.connection.driver_connection
    statements: list[str] = []
    driver.set_trace_callback(statements.append)
    ask(session.unit)
    driver.set_trace_callback(None)
    return [
        step
        for statement in statements
        # FTS5 looks into its own tables by statements of its own.
        if not statement.startswith("--") and "order_words_" not in statement
        for *_, step in driver.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]


QUERIES: dict[str, dict[str, Any]] = {
    "all": {},
    "a status": {"statuses": frozenset({Status.ISSUED})},
    "statuses": {"statuses": frozenset({Status.ISSUED, Status.AWAITING_MATERIAL})},
    "a project": {"project_id": 1},
    "a status in a project": {"project_id": 1, "statuses": frozenset({Status.ISSUED})},
    "ids": {"certificates": frozenset({"id01", "id02", "id99"})},
    "a text": {"text": "shop1"},
    "a text at a status": {"text": "shop1", "statuses": frozenset({Status.ISSUED})},
    "a text in a project": {"text": "shop1", "project_id": 1},
    "a tag": {"tags": (("team", "web"),)},
    "by end": {"sort": Sort.ENDS_FIRST},
    "by end, backwards": {"sort": Sort.ENDS_LAST, "statuses": frozenset({Status.ISSUED})},
    "an end": {"ends_from": NOON, "ends_until": NOON + timedelta(days=9)},
    "uploaded ones": {"uploaded": True},
    "CA certificates": {"uploaded": True, "certificate_type": "CA"},
    "bought ones": {"uploaded": False},
    "allowed projects": {"grants": Grants((policy(ALLOW, ("*",), ("1", "2")),))},
    "allowed ids": {"grants": Grants((policy(ALLOW, ("id01", "id02"), ("*",)),))},
    "denied ids": {
        "grants": Grants((policy(ALLOW, ("*",), ("*",)), policy(DENY, ("id01",), ("*",))))
    },
    "allowed projects and ids": {
        "grants": Grants((policy(ALLOW, ("*",), ("1",)), policy(ALLOW, ("id00",), ("*",)))),
        "text": "shop",
    },
}


@pytest.mark.parametrize("asked", QUERIES.values(), ids=QUERIES.keys())
def test_a_list_reads_no_table_from_end_to_end(session: Session, asked: dict[str, Any]) -> None:
    """Every step that reads orders or their counts is a search of an index."""
    query = OrderQuery(uin="1", limit=10, permission=PERMISSION, **asked)
    assert session.unit.orders.page(query).orders

    steps = plans(session, lambda unit: unit.orders.page(query))

    assert [step for step in steps if re.match(r"SCAN (orders|order_counts)\b", step)] == []
    assert any(step.startswith(("SEARCH order", "SCAN order_words VIRTUAL")) for step in steps)


def test_a_search_goes_from_the_words_to_the_orders(session: Session) -> None:
    """Newest first without a sort, since words lie by the orders' numbers."""
    query = OrderQuery(uin="1", limit=10, text="shop", project_id=1)

    steps = plans(session, lambda unit: unit.orders.page(query))

    words = "SCAN order_words VIRTUAL TABLE INDEX"
    order = "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)"
    _, *of_search = (re.sub(r"(VIRTUAL TABLE INDEX) \S+|(SUBQUERY) \d+", r"\1\2", s) for s in steps)
    assert of_search == [words, order, order, "LIST SUBQUERY", words, order]


def test_a_page_of_the_audit_log_is_read_from_its_index(session: Session) -> None:
    """Counted without looking at the entries; only what happened at one instant is sorted."""
    query = AuditQuery(
        uin="1", actions=frozenset({"Buy"}), since=NOON, until=NOON, offset=3, limit=10
    )

    steps = plans(session, lambda unit: unit.audit.page(query))

    assert steps[0] == (
        "SEARCH audit USING COVERING INDEX ix_audit_uin_at_action (uin=? AND at>? AND at<?)"
    )
    assert [step for step in steps[1:] if not step.startswith("SEARCH audit USING INDEX")] == [
        "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"
    ]


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "ix_audit_at (at<?)"),
        ({"since": NOON, "until": NOON}, "ix_audit_at (at>? AND at<?)"),
        ({"action": "Buy", "text": "shop"}, "ix_audit_at (at<?)"),
        ({"actor": "a"}, "ix_audit_actor_at (actor=? AND at<?)"),
        ({"uin": "1", "action": "Buy"}, "ix_audit_uin_at_action (uin=? AND at<?)"),
        ({"subject": "id01", "actor": "a", "uin": "1"}, "ix_audit_subject (subject=?)"),
    ],
)
def test_a_search_of_the_audit_log_is_read_from_an_index(
    session: Session, asked: dict[str, Any], index: str
) -> None:
    """Whatever narrows it, and from any place in it."""
    query = AuditSearch(limit=10, reach=100, after=AuditPlace(NOON, 7), **asked)

    steps = plans(session, lambda unit: unit.audit.search(query))

    read = [step for step in steps if "audit" in step]
    assert set(read) == {f"SEARCH audit USING INDEX {index}"}


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (
            lambda unit: unit.reviews.due("since", NOON, 10, verdict=None),
            "reviews USING INDEX ix_reviews_verdict (verdict=?)",
        ),
        (lambda unit: unit.reviews.count(verdict=None), "ix_reviews_verdict (verdict=?)"),
        (
            lambda unit: unit.questions.due("answered_at", NOON, 10, newest=True),
            "questions USING INDEX ix_questions_answered_at (answered_at<?)",
        ),
        (
            lambda unit: unit.renewals.due("ends_at", NOON, 10, unlike={"reason": [""]}),
            "renewals USING INDEX ix_renewals_ends_at (ends_at<?)",
        ),
        (lambda unit: unit.tasks.where(set_aside=True, limit=10), "ix_tasks_set_aside"),
        (lambda unit: unit.tasks.count(set_aside=True), "ix_tasks_set_aside"),
    ],
)
def test_the_start_page_of_the_staff_is_read_from_indexes(
    session: Session, ask: Callable[[Unit], object], index: str
) -> None:
    """Browsers ask for it again and again."""
    (read,) = [step for step in plans(session, ask) if step.startswith(("SCAN", "SEARCH"))]
    assert read.startswith("SEARCH"), read
    assert index in read, read


def test_the_orders_and_names_of_a_manager_are_counted_in_indexes_alone(session: Session) -> None:
    """However many they are, none of them is read."""

    def ask(unit: Unit) -> tuple[int, int]:
        its = {"uin": "1", "manager_id": 7}
        return unit.orders.count(**its), unit.orders.count_names(uin="1", manager_id=7)

    assert ask(session.unit) == (ORDERS, ORDERS)
    key = "(uin=? AND manager_id=?)"
    assert [step for step in plans(session, ask) if step.startswith(("SEARCH", "USE"))] == [
        f"SEARCH orders USING COVERING INDEX ix_orders_uin_manager_id {key}",
        f"SEARCH manager_names USING COVERING INDEX sqlite_autoindex_manager_names_1 {key}",
    ]
