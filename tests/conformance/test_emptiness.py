"""What replies have where there is nothing: `null`, `""`, `[]` or another, as recorded.

Each member's type says which it is (`wire/model.py`). The types are held against the vendor's
recorded replies, and what a live desk answers against both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certdesk.catalog import Action
from tests.conformance.recorded import (
    AWAITING_MATERIAL,
    ISSUED,
    LOGGED,
    SOMETHING,
    Emptiness,
    Page,
    emptiness_of,
    international,
    pages,
)
from tests.conformance.scene import WOTRUS_DV_MULTI, WOTRUS_OV_MULTI, Scene
from tests.conformance.shapes import public_actions
from tests.conformance.terraform import WIRE_NAMES
from tests.conformance.test_terraform import INFORMATION
from tests.issued import issue
from tools.reference.fields import members

COMPAT = (Path(__file__).parents[2] / "docs" / "compat.md").read_text("utf-8")
DNSPOD_DV = 48
IDENTITY_NUMBER = "Companies[].IdNumber"
HOLDER = "Certificates[].CertificateExtra.CompanyType"

DECLARED_ELSE = {("DescribeCompanies", IDENTITY_NUMBER): "C57"}
"""Members whose types say something else than what is recorded, with the line that says why."""

SHOWN_ELSE = {
    "DescribeCertificate, international 1": {"StatusMsg": "C27"},
    "DescribeCertificates, international 2": {HOLDER: "C164"},
    "DescribeCertificates, international 4": {HOLDER: "C164"},
    "DescribeCompanies, international 1": {IDENTITY_NUMBER: "C57"},
    AWAITING_MATERIAL.name: {"Domain": "C163", "SubjectAltName": "C163"},
}
"""The same, by recorded page, for members that have something where the page has not, or the other
way round."""

each_action = pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)


def declared(action: Action) -> Emptiness:
    """Return what the types of an action's reply say, by path; empty where nothing is never."""
    return {each.path: each.nothing for each in members(action.reply)}


def recorded() -> Iterator[tuple[str, str, set[str]]]:
    """Give action, path, and all that is recorded there for nothing, of the actions there are."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for page in pages():
        for path, value in page.members.items():
            if value != SOMETHING:
                found[page.action, path].add(value)
    known = {action.name: declared(action) for action in public_actions()}
    for (action, path), values in sorted(found.items()):
        if path in known.get(action, ()):
            yield action, path, values


@pytest.mark.parametrize(
    ("action", "path", "values"),
    [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in recorded()],
)
def test_a_type_says_what_is_recorded(action: str, path: str, values: set[str]) -> None:
    """Of every member that is empty in one of the vendor's replies."""
    (found,) = (each for each in public_actions() if each.name == action)
    same = declared(found)[path] in values
    assert same is ((action, path) not in DECLARED_ELSE)


def test_every_exception_is_a_line_of_the_differences() -> None:
    """By its number."""
    lines = re.findall(r"^- \*\*(C\d+)\.\*\*", COMPAT, re.MULTILINE)
    shown = {number for exceptions in SHOWN_ELSE.values() for number in exceptions.values()}
    assert shown | {*DECLARED_ELSE.values()} <= set(lines)


@each_action
def test_a_live_reply_is_empty_as_its_types_say(action: Action, scene: Scene) -> None:
    """Nowhere in another way; a member that always has something never lacks it."""
    reply = scene.client.call(action.name, **scene.good(action.name))
    check_as_declared(action, reply)


def test_orders_are_empty_as_their_types_say_at_each_status(scene: Scene, issued: str) -> None:
    """Of all that the account has: bought, under review, issued, cancelled and more."""
    scene.client.buy()
    submitted, cancelled = scene.client.buy(DNSPOD_DV), scene.client.buy()
    scene.client.submit(submitted)
    scene.client.call("CertificateOrderSubmit", CertId=submitted, VerifyType="DNS")
    scene.client.call("CancelCertificateOrder", CertificateId=cancelled)
    page = scene.client.call("DescribeCertificates", Limit=1000)
    check_as_declared(named("DescribeCertificates"), page)
    by_status = {order["Status"]: order["CertificateId"] for order in page["Certificates"]}
    assert by_status.keys() >= {0, 1, 5, 7}
    for certificate_id in (*by_status.values(), issued):
        for action in ("DescribeCertificate", "DescribeCertificateDetail"):
            reply = scene.client.call(action, CertificateId=certificate_id)
            check_as_declared(named(action), reply)


def check_as_declared(action: Action, reply: dict[str, Any]) -> None:
    """Hold a reply against the types of its members."""
    types = declared(action)
    found = {
        path: value
        for path, value in emptiness_of(reply).items()
        if path in types and value not in (SOMETHING, types[path])
    }
    assert found == {}


def named(name: str) -> Action:
    """Return an action by its name."""
    (found,) = (each for each in public_actions() if each.name == name)
    return found


# --- recorded pages, against orders that stand where theirs did -----------------------------------


@pytest.fixture(scope="module")
def issued(scene: Scene) -> str:
    """An issued certificate for two names."""
    order = scene.client.buy(WOTRUS_DV_MULTI, 2)
    scene.client.submit(order, DnsNames=["www.example.com"], VerifyType="DNS")
    issue(scene.desk, scene.keys, order)
    return order


def example(action: str, number: int) -> Page:
    """Return an example of the international edition."""
    wanted = f"international {number}"
    (found,) = (page for page in international() if (page.action, page.source) == (action, wanted))
    return found


def check_like(page: Page, reply: dict[str, Any]) -> None:
    """Hold a reply against a recorded one: something where that has something, else alike empty."""
    shown = emptiness_of(reply)
    differing = {path for path, value in page.members.items() if shown.get(path, "absent") != value}
    assert differing == SHOWN_ELSE.get(page.name, {}).keys()


def test_an_order_that_waits_to_be_submitted_is_like_the_recorded_one(scene: Scene) -> None:
    """Handed in by the older form, without a method of proof, as in the example."""
    order = scene.client.buy(WOTRUS_OV_MULTI, 2)
    given: dict[str, object] = {WIRE_NAMES[name]: INFORMATION[name] for name in INFORMATION}
    given |= {"PostalCode": "", "VerifyType": "", "DomainList": ["shop.example.com"]}
    scene.client.call("SubmitCertificateInformation", CertificateId=order, **given)
    check_like(AWAITING_MATERIAL, scene.client.detail(order))


def test_an_order_without_material_has_an_empty_name(scene: Scene) -> None:
    """A client that takes it without asking went down over null."""
    order = scene.client.buy()
    (listed,) = scene.client.call("DescribeCertificates", CertIds=[order])["Certificates"]
    whole = scene.client.call("DescribeCertificate", CertificateId=order)
    for shown in (scene.client.detail(order), whole, listed):
        assert shown["Domain"] == ""
    assert (whole["DvAuthDetail"], whole["SubmittedData"]) == (None, None)


@pytest.mark.parametrize("number", [1, 2])
def test_an_order_under_review_is_like_the_recorded_ones(scene: Scene, number: int) -> None:
    """They stand at 4, where the vendor adds the records; what is shown is the same at 0."""
    order = scene.client.buy(DNSPOD_DV)
    scene.client.submit(order)
    scene.client.call("CertificateOrderSubmit", CertId=order, VerifyType="DNS")
    check_like(example("DescribeCertificateDetail", number), scene.client.detail(order))


def test_an_issued_certificate_is_like_the_recorded_ones(scene: Scene, issued: str) -> None:
    """In the detail, the shorter form and the list."""
    check_like(ISSUED, scene.client.detail(issued))
    short = scene.client.call("DescribeCertificate", CertificateId=issued)
    check_like(example("DescribeCertificate", 1), short)
    for number in (2, 4):
        listed = scene.client.call("DescribeCertificates", CertIds=[issued])
        check_like(example("DescribeCertificates", number), listed)


def test_an_upload_is_like_the_recorded_ones(scene: Scene) -> None:
    """`RepeatCertId` is empty for a new one, and else the first one's."""
    given = scene.good("UploadCertificate")
    for number in (1, 2):
        check_like(
            example("UploadCertificate", number), scene.client.call("UploadCertificate", **given)
        )


def test_a_company_is_like_the_recorded_one(scene: Scene) -> None:
    """One without a registration number."""
    company = scene.desk.company(scene.keys)
    reply = scene.client.call("DescribeCompanies", CompanyId=company)
    check_like(example("DescribeCompanies", 1), reply)


def test_what_the_desk_did_by_itself_is_logged_like_the_recorded(scene: Scene, issued: str) -> None:
    """With no user at all."""
    logs = scene.client.call("DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
    own = [row for row in logs if (row["CertId"], row["Type"]) == (issued, "issued")]
    check_like(LOGGED, {"OperateLogs": own})
