"""What a list of orders has in it, and where policies end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.accounts.policy import ALLOW, DENY, UNBOUND, Grants, Policy
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import Extent, OrderQuery, Sort, searchable, texts
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERMISSION = "ssl:DescribeCertificates"
ORDER = Order(
    certificate_id="LrmeMvQr",
    uin="1",
    product_id=25,
    domain_num=1,
    time_span=1,
    status=Status.ISSUED,
    project_id=3,
    alias="Web Shop",
    deal_id="d",
    tags=(("team", "web"), ("stage", "")),
    domain="Shop.example.com",
    names=("www.example.com",),
    ends_at=NOON,
    created_at=NOON,
    number=7,
)
EVERY = OrderQuery(uin="1", limit=10)


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


def narrowed(**changes: object) -> OrderQuery:
    """Make a query that is narrowed."""
    return replace(EVERY, **changes)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("query", "has"),
    [
        (EVERY, True),
        (narrowed(uin="2"), False),
        (narrowed(statuses=frozenset({Status.ISSUED, Status.EXPIRED})), True),
        (narrowed(statuses=frozenset()), False),
        (narrowed(project_id=3), True),
        (narrowed(project_id=0), False),
        (narrowed(certificates=frozenset({"LrmeMvQr"})), True),
        (narrowed(certificates=frozenset({"lrmemvqr"})), False),
        (narrowed(text="web shop"), True),
        (narrowed(text="rmem"), True),
        (narrowed(text="shop.exa"), True),
        (narrowed(text="www"), True),
        (narrowed(text="Web"), False),
        (narrowed(tags=(("stage", ""), ("team", "web"))), True),
        (narrowed(tags=(("team", ""),)), False),
        (narrowed(ends_from=NOON, ends_until=NOON), True),
        (narrowed(ends_from=NOON + timedelta(seconds=1)), False),
        (narrowed(ends_until=NOON - timedelta(seconds=1)), False),
        (narrowed(grants=Grants(())), False),
        (narrowed(grants=Grants((policy(ALLOW, ("LrmeMvQr",), ("*",)),))), True),
    ],
)
def test_a_query_has_an_order_of_which_all_holds(query: OrderQuery, *, has: bool) -> None:
    """Texts are given as `searchable` makes them."""
    assert query.has(ORDER) is has


def test_an_order_without_an_end_ends_at_no_time() -> None:
    """Whatever is asked of its end, it is not in the list."""
    endless = replace(ORDER, ends_at=None)
    assert EVERY.has(endless)
    assert not narrowed(ends_from=NOON).has(endless)
    assert not narrowed(ends_until=NOON).has(endless)


def test_a_list_is_sorted() -> None:
    """What has no end stands last in both directions."""
    orders = [
        replace(ORDER, number=number, ends_at=None if days is None else NOON + timedelta(days=days))
        for number, days in enumerate((2, None, 1, 3, 1), 1)
    ]
    for sort, numbers in {
        Sort.NEWEST: [5, 4, 3, 2, 1],
        Sort.ENDS_FIRST: [3, 5, 1, 4, 2],
        Sort.ENDS_LAST: [4, 1, 5, 3, 2],
    }.items():
        assert [each.number for each in sorted(orders, key=narrowed(sort=sort).place)] == numbers


@pytest.mark.parametrize("wrong", [{"offset": -1}, {"limit": -1}, {"text": "x" * 65}])
def test_what_no_store_answers_is_not_asked(wrong: dict[str, object]) -> None:
    """A mistake of ours, not of a client."""
    with pytest.raises(ValueError, match="count from 0"):
        narrowed(**wrong)


def test_a_search_looks_through_each_text_for_itself() -> None:
    """In lower case, and in what else Unicode takes for it."""
    assert texts(ORDER) == ("lrmemvqr", "web shop", "shop.example.com", "www.example.com")
    assert texts(replace(ORDER, alias="Straße ΣΑΣ", domain=None)) == (
        "lrmemvqr",
        "strasse σασ",
    )
    assert searchable("STRASSE") == searchable("straße")


def test_names_of_an_order_without_material_are_none() -> None:
    """The main name is the first of all."""
    assert ORDER.all_names == ("Shop.example.com", "www.example.com")
    assert replace(ORDER, domain=None, names=()).all_names == ()


@pytest.mark.parametrize(
    ("policies", "extent"),
    [
        (None, Extent(every=True)),
        ((), Extent(every=False)),
        (((ALLOW, ("*",), ("3",)),), Extent(every=True)),
        (((ALLOW, ("*",), ("4",)),), Extent(every=False)),
        (((ALLOW, ("a", "b"), ("*",)),), Extent(every=False, ids=frozenset("ab"))),
        (
            ((ALLOW, ("a", "b"), ("*",)), (DENY, ("b",), ("3",))),
            Extent(every=False, ids=frozenset("a")),
        ),
        (((ALLOW, ("*",), ("*",)), (DENY, ("b",), ("3",))), Extent(every=True, ids=frozenset("b"))),
        (((ALLOW, ("*",), ("*",)), (DENY, ("*",), ("3",))), Extent(every=False)),
    ],
)
def test_policies_reach_so_far_into_a_project(
    policies: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] | None, extent: Extent
) -> None:
    """All of it, all but some certificates, some, or none."""
    grants = UNBOUND if policies is None else Grants(tuple(policy(*each) for each in policies))
    assert Extent.of(grants, PERMISSION, 3) == extent


ids = st.lists(st.sampled_from(["*", "a", "b", "c"]), min_size=1, max_size=2).map(tuple)
projects = st.lists(st.sampled_from(["*", "0", "1"]), min_size=1, max_size=2).map(tuple)
grants = st.lists(st.builds(policy, st.sampled_from([ALLOW, DENY]), ids, projects), max_size=4)


@given(grants.map(tuple).map(Grants), st.sampled_from("abcd"), st.integers(0, 2))
def test_an_extent_says_what_the_policies_say(
    bound: Grants, certificate_id: str, project_id: int
) -> None:
    """Of each certificate in each project."""
    extent = Extent.of(bound, PERMISSION, project_id)
    allowed = (certificate_id in extent.ids) is not extent.every
    assert allowed is not bool(bound.refused(PERMISSION, certificate_id, project_id))


@pytest.mark.parametrize(
    ("status", "days", "soon"),
    [
        (Status.ISSUED, 0, True),
        (Status.ISSUED, 30, True),
        (Status.ISSUED, 31, False),
        (Status.ISSUED, -1, False),
        (Status.ISSUED, None, False),
        (Status.REVOKED, 1, False),
    ],
)
def test_an_issued_certificate_expires_soon(
    status: Status, days: int | None, *, soon: bool
) -> None:
    """Within 30 days."""
    end = None if days is None else NOON + timedelta(days=days)
    order = replace(ORDER, status=status, ends_at=end)
    assert order.expires_soon(NOON) is soon
