"""`certdesk review`: what whoever vets gets to see, and that each look at numbers is noted."""

from __future__ import annotations

import base64
import os
import pwd
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.database import rows
from tests.actions.submitting import COMPANY
from tests.cli.test_orders import at_terminal
from tests.papers import PDF
from tests.running import NO_KEYS_AHEAD, Keys, RunningDesk, running

USER = pwd.getpwuid(os.geteuid()).pw_name

WITH_LETTER = 8
"""A product whose orders wait for a letter."""

NUMBERS = {
    "OrgPhoneArea": "0755",
    "OrgPhoneNumber": "86013388",
    "AdminPhone": "13800138000",
    "TechPhone": "13900139000",
    "OrgIdType": "TYDMZ",
    "OrgIdNumber": "91440300708461136T",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk where people vet."""
    with running(tmp_path_factory.mktemp("review") / "desk", settings=NO_KEYS_AHEAD) as started:
        yield started


@pytest.fixture(scope="module")
def empty(desk: RunningDesk) -> str:
    """What a person reads before anything waits."""
    return at_terminal(desk, "review", "list") + at_terminal(desk, "review", "decided")


@pytest.fixture(scope="module")
def order(desk: RunningDesk, empty: str) -> str:
    """An order of the account "Web team" that waits for people, with its letter."""
    assert empty
    added = desk.operate("AddAccount", Name="Web team")
    client = desk.client(Keys(added["Uin"], added["SecretId"], added["SecretKey"]))
    bought = client.buy(WITH_LETTER)
    given = {name: value for name, value in (COMPANY | NUMBERS).items() if value is not None}
    client.submit(bought, **given)
    client.call("CertificateOrderSubmit", CertId=bought)
    letter = base64.b64encode(PDF).decode()
    client.call("UploadConfirmLetter", CertificateId=bought, ConfirmLetter=letter)
    return bought


def looks(desk: RunningDesk) -> list[tuple[Any, ...]]:
    """Read who has seen numbers, and whose."""
    return rows(desk.folder, "SELECT subject, actor, detail FROM audit WHERE action = 'ShowReview'")


def test_that_nothing_waits_is_said(empty: str) -> None:
    """And that nothing was decided; a program reads an empty list."""
    assert empty.split("\r\n") == ["Nothing waits for a review.", "Nothing was decided.", ""]


def test_the_list_has_what_a_reviewer_chooses_by(desk: RunningDesk, order: str) -> None:
    """Product, level, letter, age, the account by its name; at 80 columns nothing is cut."""
    told = at_terminal(desk, "review", "list", variables={"COLUMNS": "80"})
    (each,) = (each for each in desk.certdesk("review", "list") if each["Id"] == f"order:{order}")
    assert (each["Level"], each["Letter"], each["AccountName"]) == ("EV", True, "Web team")
    wanted = (each["Id"], each["About"], each["Product"], "EV", "letter", "0 min", "Web team")
    assert [text for text in wanted if text not in told] == []
    assert [line for line in told.splitlines() if len(line) > 80] == []


def test_whoever_vets_sees_whole_numbers_and_each_reading_is_noted(
    desk: RunningDesk, order: str
) -> None:
    """To be called: telephone numbers, and the number of the company; identity numbers nowhere."""
    before = looks(desk)
    for _ in range(2):
        shown = desk.certdesk("review", "show", f"order:{order}")
    assert shown["Company"]["CompanyPhone"] == "0755-86013388"
    assert shown["Company"]["IdNumber"] == NUMBERS["OrgIdNumber"]
    assert shown["Manager"]["ManagerPhone"] == NUMBERS["AdminPhone"]
    assert shown["Contact"]["ContactPhone"] == NUMBERS["TechPhone"]
    noted = looks(desk)[len(before) :]
    assert [(subject, actor) for subject, actor, _ in noted] == [(order, "operator")] * 2
    assert all(f"order:{order} shown to {USER} (uid " in detail for *_, detail in noted)


def test_lists_and_refusals_show_no_whole_number(desk: RunningDesk, order: str) -> None:
    """That a number has changed is told without it, since no look is noted there."""
    told = desk.run("review", "list").stdout
    manager = next(
        each["Id"] for each in desk.certdesk("review", "list") if each["Kind"] == "manager"
    )
    told += desk.run("manager", "show", manager.partition(":")[2]).stdout
    refused = desk.run("review", "approve", f"order:{order}", "--attempt", "0" * 32)
    assert refused.returncode == 1
    for number in ("13800138000", "13900139000", "86013388", NUMBERS["OrgIdNumber"]):
        assert number not in told + refused.stderr


def test_what_was_decided_is_listed(desk: RunningDesk, order: str) -> None:
    """Approved or rejected, by whom and why; the orders that fell with a manager too."""
    (manager,) = (e["Id"] for e in desk.certdesk("review", "list") if e["Kind"] == "manager")
    desk.certdesk("review", "show", manager)
    desk.certdesk("review", "reject", manager, "--reason", "not known there")
    decided = desk.certdesk("review", "decided")
    assert {each["Subject"] for each in decided} == {manager, order}
    assert {each["Action"] for each in decided} == {"RejectReview"}
    assert all(f"{manager} rejected by {USER}" in each["Detail"] for each in decided)
    told = at_terminal(desk, "review", "decided")
    assert f"rejected by {USER}" in told
    assert "not known there" in told
    assert "Web team" in told


def test_the_applicant_is_asked_and_a_note_is_stored(desk: RunningDesk) -> None:
    """Both are read from standard input, with their lines; nobody sees them among processes."""
    keys = desk.account()
    manager = desk.manager(keys, desk.company(keys))
    subject = f"manager:{manager}"
    asked = desk.certdesk("review", "ask", subject, text="Who is it?\nSince when?\n")
    desk.certdesk("review", "note", subject, text="called\n")
    shown = desk.certdesk("review", "show", subject)
    (question,), (note,) = shown["Questions"], shown["Notes"]
    assert (question["Id"], question["Text"]) == (asked["QuestionId"], "Who is it?\nSince when?")
    assert (note["Text"], note["WrittenBy"]) == ("called", USER)
    (listed,) = (each for each in desk.certdesk("review", "list") if each["Id"] == subject)
    assert listed["Question"] == "asked"
    assert "Question: must have 1 to 4000" in desk.run("review", "ask", subject, text=" ").stderr
