"""Who may approve: a human being counts once, with whatever login, and not for own requests."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.domain import errors
from certdesk.domain.people.records import Person
from certdesk.domain.people.role import Role
from certdesk.engine import Caller
from tests.actions.vetting import ANN, DV, EV, Desk
from tests.rules import rules_with

ONE, OTHER = 7, 8
"""Two logins of the staff."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where two people approve each EV order."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as opened:
        yield opened


@pytest.fixture
def subject(desk: Desk) -> str:
    """An EV order that waits for two people, its manager vetted."""
    order = desk.submit(EV)
    desk.approve("manager:1")
    return f"order:{order}"


def seen(desk: Desk, caller: Caller, subject: str) -> str:
    """Look at a review; return the digest of what was seen."""
    return str(desk.console(caller, "ShowReview", Id=subject)["Attempt"])


def approve(desk: Desk, caller: Caller, subject: str) -> str | None:
    """Approve something as somebody who is signed in."""
    decided = desk.console(caller, "ApproveReview", Id=subject, Attempt=seen(desk, caller, subject))
    verdict = decided["Verdict"]
    assert verdict is None or isinstance(verdict, str)
    return verdict


def refusal(desk: Desk, caller: Caller, subject: str) -> str:
    """Return why somebody may not approve, which is shown before and said afterwards."""
    shown = desk.console(caller, "ShowReview", Id=subject)
    (listed,) = (
        each for each in desk.console(caller, "ListReviews")["Reviews"] if each["Id"] == subject
    )
    assert (shown["MayDecide"], listed["MayDecide"]) == (False, False)
    with pytest.raises(errors.InvalidParam) as refused:
        approve(desk, caller, subject)
    assert shown["WhyNot"] == listed["WhyNot"]
    assert shown["WhyNot"].removesuffix(".") in refused.value.message
    return str(shown["WhyNot"])


def test_two_people_of_the_console_are_two(desk: Desk, subject: str) -> None:
    """They have the names of their logins."""
    assert approve(desk, desk.person(ONE), subject) is None
    assert "a second person must approve it too" in refusal(desk, desk.person(ONE), subject)
    assert approve(desk, desk.person(OTHER), subject) == "approved"
    shown = desk.operator("ShowReview", Id=subject)
    assert shown["Approvals"] == ["person-7", "person-8"]


@pytest.mark.parametrize("first", ["linked", "other"])
def test_two_logins_of_one_human_being_are_one(desk: Desk, subject: str, first: str) -> None:
    """In whichever order they approve, and over more than one link."""
    desk.link(ONE, f"uid:{ANN}")
    desk.link(OTHER, f"uid:{ANN}")
    before, after = (ONE, OTHER) if first == "linked" else (OTHER, ONE)
    approve(desk, desk.person(before), subject)
    assert "already approved it" in refusal(desk, desk.person(after), subject)


def test_a_login_and_a_shell_are_not_two_people_unless_both_are_known(
    desk: Desk, subject: str
) -> None:
    """The desk cannot know whose shell it is; linked to somebody else, it can."""
    approve(desk, desk.person(ONE), subject)
    with pytest.raises(errors.InvalidParam, match="has to link their logins"):
        desk.approve(subject, ANN)
    desk.link(ONE, f"uid:{ANN}")
    with pytest.raises(errors.InvalidParam, match="a second person must"):
        desk.approve(subject, ANN)
    desk.link(OTHER, f"uid:{ANN + 1}")
    assert desk.approve(subject, ANN + 1) == "approved"


def test_a_request_of_a_linked_user_is_an_own_one(desk: Desk) -> None:
    """Linked to the user, or to the user's login of the console."""
    user = desk.named("gate-keeper")
    caller, desk.caller = desk.caller, user
    order = desk.submit()
    desk.caller = caller
    desk.approve("manager:1")
    subject = f"order:{order}"
    login = Person(
        role=Role.USER,
        name="gate-keeper",
        folded="gate-keeper",
        uin=caller.uin,
        user_id=user.user_id,
        created_at=desk.clock.now(),
    )
    number = desk.store.write(lambda unit: unit.people.add(login)).person_id
    desk.link(ONE + 100, f"user:{user.user_id}")
    desk.link(OTHER + 100, f"person:{number}")
    for person in (ONE + 100, OTHER + 100):
        assert "another person must approve it" in refusal(desk, desk.person(person), subject)
    assert approve(desk, desk.person(OTHER), subject) == "approved"


def test_a_manager_of_a_linked_user_is_an_own_request_too(desk: Desk) -> None:
    """The user's name alone would not tell."""
    user = desk.named("gate-keeper")
    caller, desk.caller = desk.caller, user
    desk.submit()
    desk.caller = caller
    desk.link(ONE, f"user:{user.user_id}")
    assert "another person must" in refusal(desk, desk.person(ONE), "manager:1")


def test_an_auditor_sees_the_queue_and_masked_reviews_and_decides_nothing(
    desk: Desk, subject: str
) -> None:
    """No telephone number, no text that somebody wrote; each look is in the audit log."""
    desk.operator_as(ANN, "AddNote", Id=subject, Note="call 010 12345678")
    auditor = desk.person(9, Role.AUDITOR)
    shown = desk.console(auditor, "ShowReview", Id=subject)
    assert shown["Manager"]["ManagerPhone"].count("*") > 4
    assert shown["Contact"]["ContactPhone"].count("*") > 4
    assert shown["Company"]["CompanyPhone"].count("*") > 4
    assert shown["Manager"]["ManagerMail"].startswith("ni***")
    assert [each["Text"] for each in shown["Notes"]] == ["***"]
    assert (shown["MayDecide"], shown["WhyNot"]) == (False, "Only reviewers and operators decide.")
    assert f"{subject} shown to person-9 (person 9)" in desk.audit(subject[6:])[-1].detail
    assert desk.console(auditor, "ListReviews")["Reviews"][0]["Id"] == subject
    sights = desk.store.read(lambda unit: unit.sights.where(operator="person 9"))
    assert sights == []
    for action in ("ApproveReview", "ReadLetter"):
        with pytest.raises(errors.UnauthorizedOperation):
            desk.console(auditor, action, Id=subject)


def test_what_was_decided_is_found_by_person_and_text_and_reported(
    desk: Desk, subject: str
) -> None:
    """The report is a table that no spreadsheet computes, whatever somebody wrote as a reason."""
    approve(desk, desk.person(ONE), subject)
    reason = '=HYPERLINK("http://x","y")'
    other = desk.person(OTHER)
    attempt = seen(desk, other, subject)
    desk.console(other, "RejectReview", Id=subject, Reason=reason, Attempt=attempt)
    order = subject[6:]
    by_other = desk.operator("ListDecisions", Person="PERSON-8")["Decisions"]
    assert [(each["Subject"], each["By"]) for each in by_other] == [(order, "person-8 (person 8)")]
    assert len(desk.operator("ListDecisions", Text=order)["Decisions"]) == 2
    assert desk.operator("ListDecisions", Text="nothing has this")["Decisions"] == []
    assert desk.operator("ListDecisions", Limit=1)["TotalCount"] == 3
    auditor = desk.person(9, Role.AUDITOR)
    report = desk.console(auditor, "ReportDecisions", Text="hyperlink")["Csv"]
    (heading, row) = csv.reader(io.StringIO(report, newline=""))
    assert heading[0] == "Time"
    assert (row[3], row[4], row[7]) == ("rejected", order, "person-8 (person 8)")


def test_a_revocation_that_is_declined_is_among_the_decisions(desk: Desk) -> None:
    """Rejected as a review, or kept by the operator."""
    order = desk.submit(DV)
    desk.take_on(order)
    for validator in desk.validators.values():
        validator.verdicts.clear()
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order, Reason="superseded")
    one = desk.person(ONE, Role.OPERATOR)
    attempt = seen(desk, one, f"revocation:{order}")
    desk.console(one, "KeepOrder", CertificateId=order, Reason="a slip", Attempt=attempt)
    (kept,) = desk.operator("ListDecisions")["Decisions"]
    assert (kept["Action"], kept["By"]) == ("KeepOrder", "person-7 (person 7)")
    assert kept["Detail"].endswith(": a slip")


def test_a_list_has_the_id_of_a_thing_that_waits_once(desk: Desk) -> None:
    """Scripts look for ids; what comes first is a member of its own where one thing is shown."""
    order = desk.submit(EV)
    (manager, listed) = desk.operator("ListReviews")["Reviews"]
    assert manager["Id"] == "manager:1"
    assert "manager:1" not in repr(listed)
    assert listed["WhyNot"] == "Approve its manager first."
    assert desk.operator("ShowReview", Id=f"order:{order}")["First"] == "manager:1"
