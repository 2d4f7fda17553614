"""Random orders, and random questions about them, for stores to agree on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from certdesk.domain.accounts.policy import ALLOW, DENY, EVERY, EVERYTHING, UNBOUND, Grants, Policy
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import MOST_TEXT, OrderQuery, Seen, Sort, searchable
from certdesk.domain.orders.order import CA, SERVER, Order
from certdesk.domain.values.products import UPLOADED
from certdesk.domain.values.record import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from certdesk.ports import Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERMISSION = "ssl:DescribeCertificates"
NAMES = ("a", "b", "c", "d", "e", "f")

# Few, so that they meet: letters that fold, what either database's search could read as syntax,
# and characters that the index uses for its own spelling.
_letters = st.sampled_from("abAB.- *\"'\\:&|!()%_/éßİ中\ue000\ue020\ue080")
_text = st.text(_letters, max_size=8)
_name = _text | st.sampled_from(["*.a", "*.b", '*.","', "*.,"])
_long = st.sampled_from(["", "ab" * 40, "a" * 63 + "b", "b" + "a" * 64])
_tags = st.lists(
    st.sampled_from([("team", "web"), ("team", "db"), ("tea", "mweb"), ('"', '"],["team","web')]),
    max_size=2,
    unique=True,
).map(tuple)
_statuses = st.sampled_from([Status.UNDER_REVIEW, Status.ISSUED, Status.AWAITING_MATERIAL])
_projects = st.integers(0, 2)
_some_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3)
_origins = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
_types = st.sampled_from([SERVER, SERVER, CA])
_ends = st.none() | st.sampled_from([NOON + timedelta(days=days) for days in range(4)])


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Draw an order of no account yet, whose id is one of a few."""
    domain = draw(st.none() | _name)
    return Order(
        certificate_id=draw(st.sampled_from(NAMES)),
        uin="",
        product_id=draw(st.sampled_from([25, 25, UPLOADED])),
        certificate_type=draw(_types),
        domain_num=1,
        time_span=1,
        deal_id="20260301000000000000001",
        status=draw(_statuses),
        project_id=draw(_projects),
        alias=draw(_text | _long),
        tags=draw(_tags),
        domain=domain,
        names=() if domain is None else draw(st.lists(_name, max_size=2).map(tuple)),
        manager_id=draw(st.none() | st.integers(1, 2)),
        ends_at=draw(_ends),
        origins=draw(_origins),
        home_projects=draw(st.sampled_from([(), (1,), (0, 2)])),
        created_at=NOON,
    )


_policies = st.builds(
    Policy,
    uin=st.just(""),
    name=st.just("p"),
    effect=st.sampled_from([ALLOW, ALLOW, DENY]),
    actions=st.sampled_from([EVERYTHING, ("ssl:Describe*",), ("ssl:Create*",)]),
    certificates=st.just(EVERYTHING) | _some_names.map(tuple),
    projects=st.just(EVERYTHING)
    | st.lists(st.sampled_from("0129"), min_size=1, max_size=2).map(tuple),
    created_at=st.just(NOON),
)

queries = st.builds(
    OrderQuery,
    uin=st.just(""),
    offset=st.sampled_from([0, 0, 0, 1, 2, 5]),
    limit=st.sampled_from([0, 1, 2, 10]),
    sort=st.sampled_from(Sort),
    statuses=st.none() | st.frozensets(_statuses),
    project_id=st.none() | _projects,
    certificates=st.none() | _some_names.map(frozenset),
    text=(st.just("") | _text | _long).map(searchable).map(lambda text: text[:MOST_TEXT]),
    tags=st.just(()) | _tags,
    ends_from=st.none() | _ends,
    ends_until=st.none() | _ends,
    uploaded=st.none() | st.booleans(),
    certificate_type=st.none() | _types,
    plain=st.sampled_from([False, False, True]),
    permission=st.just(PERMISSION),
    grants=st.just(UNBOUND) | st.lists(_policies, max_size=3).map(tuple).map(Grants),
)
"""Questions about the orders of no account yet."""


def of(uin: str, order: Order) -> Order:
    """Give an order to an account."""
    return replace(
        order,
        uin=uin,
        certificate_id=f"{uin}{order.certificate_id}",
        origins=tuple(f"{uin}{origin}" for origin in order.origins),
    )


def asked_of(uin: str, query: OrderQuery) -> OrderQuery:
    """Ask a question about an account."""

    def its(names: Iterable[str]) -> Iterator[str]:
        return (name if name == EVERY else f"{uin}{name}" for name in names)

    policies, ids = query.grants.policies, query.certificates
    return replace(
        query,
        uin=uin,
        certificates=None if ids is None else frozenset(its(ids)),
        grants=UNBOUND
        if policies is None
        else Grants(
            tuple(
                replace(policy, certificates=tuple(its(policy.certificates))) for policy in policies
            )
        ),
    )


def behind(unit: Unit, uin: str, query: OrderQuery, name: str | None) -> OrderQuery:
    """Ask for what follows an order of the account, if there is one of that name."""
    order = unit.orders.get(f"{uin}{name}")
    after = None if order is None else Seen(order.ends_at, order.number)
    return replace(query, after=after)


def put(unit: Unit, order: Order) -> Order:
    """Store an order, or change the one that has its id."""
    stored = unit.orders.get(order.certificate_id)
    if stored is None:
        return unit.orders.add(order)
    return unit.orders.replace(replace(order, version=stored.version))
