"""The rules of a submission, over all material that can be handed in.

Each rule by itself is tested through the API, in tests/actions.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.material import Material, value_at, with_value
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.submission import Judged, MaterialRefused, judge
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def order(product_id: int, domain_num: int) -> Order:
    """Make an order that waits for material."""
    return Order(
        certificate_id="aB3dE5fG",
        uin="100000000001",
        product_id=product_id,
        domain_num=domain_num,
        time_span=1,
        status=Status.AWAITING_MATERIAL,
        deal_id="20260301000000000000001",
        created_at=NOON,
    )


# Values that are often right, so that many examples pass the first rules, and others.
words = st.text(max_size=12)
names = st.sampled_from(
    ["example.com", "EXAMPLE.com", "*.example.com", "bücher.de", "www.bücher.de", "192.0.2.1", "-"]
)
identifiers = st.none() | st.sampled_from(["0", "7", "00", "12345"]) | words


def maybe(*choices: str) -> st.SearchStrategy[str | None]:
    """Draw one of these, nothing, or anything."""
    return st.sampled_from([*choices, None]) | words


def secret(*choices: str) -> st.SearchStrategy[Secret | None]:
    """Draw a secret of one of these texts, nothing, or anything."""
    return maybe(*choices).map(lambda text: None if text is None else Secret(text))


people = st.builds(
    Person,
    first_name=maybe("Ning"),
    last_name=maybe("Huang"),
    title=maybe("R&D"),
    phone=secret("13112341234", "13*******34"),
    email=secret("a@example.com"),
    id_type=maybe("SFZ", "HZ"),
    id_number=secret("1"),
)
organisations = st.builds(
    Organisation,
    name=maybe("Example Ltd"),
    division=maybe("IT"),
    address=maybe("1 Sample Road"),
    country=maybe("CN", "China"),
    city=maybe("Beijing"),
    region=maybe("Beijing"),
    phone_area=maybe("010"),
    phone_number=secret("62345678"),
    id_type=maybe("TYDMZ", "OTHERS"),
    id_number=secret("1"),
)
materials = st.builds(
    Material,
    csr_source=st.sampled_from(["online", "parse"]) | words,
    common_name=names | words,
    holder=st.sampled_from([1, 2]) | st.integers(0, 2**63 - 1),
    company_id=identifiers.map(lambda text: text or "0"),
    manager_id=identifiers,
    other_names=st.lists(names, max_size=3).map(tuple),
    csr=maybe("-----BEGIN"),
    key_algorithm=maybe("RSA", "ECC"),
    key_parameter=maybe("2048", "4096", "prime256v1"),
    key_pass=secret("12345678"),
    organisation=organisations,
    manager=people,
    contact=people,
    contact_email=secret("a@example.com"),
    verify_type=maybe("DNS", "FILE", "DNS_AUTO"),
    auto_renew=st.none() | st.integers(0, 3),
    product_number=st.none() | st.sampled_from([25, 28]),
    ca_type=maybe("sectigo"),
    sign_algorithm=maybe("SHA256"),
    cross_sign=st.none() | st.booleans(),
)


GOOD: dict[str, Any] = {
    "csr_source": "online",
    "common_name": "example.com",
    "holder": 1,
    "company_id": "0",
    "key_parameter": "2048",
    "contact_email": Secret("a@example.com"),
}
SOMEBODY = Person(
    first_name="Ning",
    last_name="Huang",
    title="R&D",
    phone=Secret("13112341234"),
    email=Secret("a@example.com"),
    id_type="HZ",
    id_number=Secret("1"),
)
COMPANY = Organisation(
    name="Example Ltd",
    division="IT",
    address="1 Sample Road",
    country="CN",
    city="Beijing",
    region="Beijing",
    phone_area="010",
    phone_number=Secret("62345678"),
    id_type="OTHERS",
    id_number=Secret("1"),
)
PATHS = [
    *("csr_source", "common_name", "holder", "company_id", "manager_id", "other_names", "csr"),
    *("key_algorithm", "key_parameter", "key_pass", "contact_email", "verify_type", "auto_renew"),
    *("product_number", "ca_type", "sign_algorithm", "cross_sign", "organisation.name"),
    *("organisation.country", "manager.phone", "manager.email", "contact.id_type"),
]


@st.composite
def nearly_good(draw: st.DrawFn) -> Material:
    """Draw material that would do, with up to two values of other material."""
    holder = draw(st.sampled_from([1, 2]))
    parties = {"organisation": COMPANY, "manager": SOMEBODY, "contact": SOMEBODY}
    material = Material(**GOOD | {"holder": holder} | (parties if holder == 2 else {}))
    other = draw(materials)
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=2)):
        material = with_value(material, path, value_at(other, path))
    return material


def judgement(material: Material, number: int, domain_num: int) -> Judged | MaterialRefused:
    """Judge material; give the judgement or the refusal. Anything else fails the test."""
    try:
        return judge(material, order(number, domain_num), PRODUCTS[number])
    except MaterialRefused as refused:
        return refused


@given(
    material=materials | nearly_good(),
    product=st.sampled_from([25, 25, 26, 27, 28, 42, 48, 98]),
    domain_num=st.integers(1, 4),
)
def test_any_material_is_judged_or_refused(
    material: Material, product: int, domain_num: int
) -> None:
    """With faults whose paths lead to values, and whose rules say something."""
    result = judgement(material, product, domain_num)
    if isinstance(result, Judged):
        _check(result, material, product, domain_num)
        return
    assert result.faults
    for fault in result.faults:
        value_at(material, fault.path)
        assert fault.rule


def _check(judged: Judged, material: Material, number: int, domain_num: int) -> None:
    """Check what must hold of all material that will do."""
    product = PRODUCTS[number]
    every = (judged.common_name, *judged.other_names)
    assert len(set(every)) == len(every) <= (domain_num if product.scope.many else 1)
    assert product.scope.many == bool(judged.other_names)
    assert product.scope.wildcards or not any(name.wildcard for name in every)
    assert (judged.key is None) == (material.csr_source == "parse")
    assert material.holder == 2 or product.level is Level.DV


def test_good_material_comes_out_in_the_domains_own_types() -> None:
    """Names parsed, the key's kind found, ids as numbers."""
    own = {"company_id": "0012", "manager_id": "000", "key_algorithm": None}
    judged = judge(Material(**GOOD | own), order(25, 1), PRODUCTS[25])
    assert judged.common_name.ascii == "example.com"
    assert judged.other_names == ()
    assert judged.key is KeyKind.RSA_2048
    assert (judged.company_id, judged.manager_id) == (12, None)


@pytest.mark.parametrize("seed", range(3))
def test_a_refusal_keeps_the_order_of_the_rules(seed: int) -> None:
    """The same material gets the same words each time."""
    changes = {"verify_type": "EMAIL", "sign_algorithm": "MD5", "auto_renew": 7, "holder": 9}
    mixed = list(changes.items())
    random.Random(seed).shuffle(mixed)  # noqa: S311 -- repeatable
    with pytest.raises(MaterialRefused) as refused:
        judge(Material(**GOOD | dict(mixed)), order(25, 1), PRODUCTS[25])
    paths = [fault.path for fault in refused.value.faults]
    assert paths == ["verify_type", "sign_algorithm", "holder", "auto_renew"]


@given(material=materials)
def test_a_refusal_shows_no_secret_when_it_is_printed(material: Material) -> None:
    """It may end up in a traceback."""
    marked = replace(material, key_pass=Secret("\N{SNOWMAN}"), contact_email=Secret("\N{SNOWMAN}"))
    with pytest.raises(MaterialRefused) as refused:
        judge(marked, order(25, 1), PRODUCTS[25])
    assert "\N{SNOWMAN}" not in f"{refused.value!r} {refused.value} {refused.value.faults}"
