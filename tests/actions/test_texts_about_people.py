"""Texts about a person: found by the types of the fields that have them, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.values.free_text import Text, has_words, hints, marks_of, texts_of
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.records import Review
from certdesk.operator import free_texts
from certdesk.ports import COLLECTIONS, CollectionSpec
from tests.actions.test_person import DV, EMAIL, PHONE, Desk
from tests.inside import NOON

LABELS = [
    {"TagKey": "owner", "TagValue": f"<{EMAIL.upper()}>"},
    {"TagKey": f"call +86 {PHONE[:3]} {PHONE[3:7]}-{PHONE[7:]}", "TagValue": "day and night"},
    {"TagKey": "team", "TagValue": "web"},
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path) as opened:
        yield opened


def places(told: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Give where each text is, and what it is there."""
    return {(each["Record"], each["What"]) for each in told}


def test_labels_and_names_that_tell_of_the_person_are_found(desk: Desk) -> None:
    """Aliases and tags of orders, texts and tags of companies; in any spelling of the values."""
    order = desk.issue()
    bought = desk.call(
        desk.caller, "CreateCertificate", ProductId=DV, DomainNum=1, TimeSpan=1, Tags=LABELS
    )
    other = bought["CertificateIds"][0]
    for each in (order, other):
        desk.call(desk.caller, "ModifyCertificateAlias", CertificateId=each, Alias="Ning Huang's")
    whose = {"Uin": desk.caller.uin}
    project = desk.operator("AddProject", Name=f"{EMAIL}'s", **whose)["ProjectId"]
    named = {"CompanyName": "Other Ltd", "CompanyCountry": "CN", "Tags": LABELS}
    address = {"CompanyAddress": f"care of {EMAIL}"}
    company = desk.operator("AddCompany", **whose, **named, **address)["CompanyId"]

    going = {
        # Many have the name, so it counts where the person stands, and nowhere else.
        (f"order:{order}", "its alias"),
        (f"order:{other}", "its tags"),
        (f"company:{company}", "its tags"),
        (f"company:{company}", "a text of the company"),
    }
    (entered,) = desk.audit(f"project:{project}")
    staying = {(f"project:{project}", "its name"), (f"audit:{entered.entry_id}", "its text")}
    assert places(desk.export()["Texts"]) == going | staying
    reply = desk.erase()
    assert going <= places(reply["Erased"])
    assert staying <= places(reply["Kept"])
    assert (desk.order(order).alias, desk.order(other).alias) == ("(erased)", "Ning Huang's")
    tags = (("owner", "(erased)"), ("(erased)", "day and night"), ("team", "web"))
    assert desk.order(other).tags == tags
    shown = desk.operator("ShowCompany", CompanyId=company)["Company"]
    assert (shown["CompanyName"], shown["CompanyAddress"]) == ("Other Ltd", "(erased)")
    assert places(desk.export()["Texts"]) == staying


@pytest.mark.parametrize(("by", "value"), [("email", "a"), ("identity", "1"), ("phone", "7")])
def test_a_slip_of_the_fingers_erases_no_words(desk: Desk, by: str, value: str) -> None:
    """Half of all texts have the letter, and what is erased cannot be brought back."""
    order = desk.issue()
    desk.call(desk.caller, "ModifyCertificateAlias", CertificateId=order, Alias="a shop, 1 of 7")
    assert desk.export(value, by)["Texts"] == []
    assert desk.erase(value, by)["Erased"] == []
    assert desk.order(order).alias == "a shop, 1 of 7"


def test_texts_of_another_account_are_left_where_one_is_named(desk: Desk) -> None:
    """By the account of the record, or of its order."""
    other = desk.account()
    for uin in (desk.caller.uin, other.uin):
        desk.operator("AddUser", Uin=uin, Name=f"for {EMAIL}")
    found = desk.operator("ExportPerson", By="email", Value=EMAIL, Uin=other.uin)["Texts"]
    assert {each["Uin"] for each in found} == {other.uin}


def made(kind: type, words: str) -> Any:  # noqa: ANN401 -- of any kind
    """Make a record with these words in each of its fields that somebody writes."""
    return kind(**{field: valued(str(hint), words) for field, hint in hints(kind).items()})


def valued(hint: str, words: str) -> object:
    """Give a value of a type; a text that is nobody's words is short."""
    if "Text." in hint:
        text = "x" if "Text.CODE" in hint else words
        if "tuple[tuple" in hint:
            return ((text,) * hint.count("Text."),)
        return (text,) if hint.startswith("tuple") else text
    for kind, value in (("datetime", NOON), ("bytes", b"x"), ("bool", False)):
        if kind in hint:
            return value
    return Status.ISSUED if "Status" in hint else 77


@pytest.mark.parametrize(
    "spec",
    [
        spec
        for spec in COLLECTIONS
        if has_words(spec.record) and spec.record not in free_texts.SEALED
    ],
    ids=lambda spec: spec.name,
)
def test_every_text_of_a_record_is_found_by_its_type(desk: Desk, spec: CollectionSpec[Any]) -> None:
    """Shown, and taken back or told to stay: a new one too, in any kind of record."""
    record = made(spec.record, f"ask {EMAIL} about it")
    desk.store.write(lambda unit: unit.collection(spec).add(record))
    fields = {field for field, mark, _ in texts_of(record) if mark is not Text.CODE}
    found = {each["What"] for each in desk.export()["Texts"]}
    assert len(found) == len(fields) > 0
    reply = desk.erase()
    erased = {what for _, what in places(reply["Erased"])}
    assert found == erased | (found & {what for _, what in places(reply["Kept"])})
    assert {each["What"] for each in desk.export()["Texts"]} == found - erased


def test_what_is_told_as_erased_is_gone_though_several_records_are_called_alike(desk: Desk) -> None:
    """A review is called as the order that it is about, and both have somebody's words."""
    bought = desk.call(
        desk.caller, "CreateCertificate", ProductId=DV, DomainNum=1, TimeSpan=1, Tags=LABELS
    )
    order = bought["CertificateIds"][0]
    desk.call(desk.caller, "ModifyCertificateAlias", CertificateId=order, Alias=f"for {EMAIL}")
    review = replace(
        made(Review, f"ask {EMAIL} about it"), subject=f"order:{order}", uin=desk.caller.uin
    )
    desk.store.write(lambda unit: unit.reviews.add(review))

    erased = places(desk.erase()["Erased"])

    assert {what for record, what in erased if record == f"order:{order}"} >= {"its alias"}
    assert places(desk.export()["Texts"]) & erased == set()


@pytest.mark.parametrize("kind", [spec.record for spec in COLLECTIONS])
def test_every_text_of_a_record_says_what_it_is(kind: type) -> None:
    """Somebody's words, or an id, a number, a name of the trade (`domain/values/free_text.py`)."""
    assert [path for path, mark in marks_of(kind).items() if mark is None] == []
