"""Reviewers ask, applicants answer; notes, files and ticks of reviewers; where all of it goes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain import errors
from certdesk.domain.accounts.policy import ALLOW, EVERYTHING, Grants, Policy
from certdesk.domain.orders.advice import QUESTION_ASKED
from certdesk.domain.values.record import replace
from certdesk.domain.values.visible import unseen_fault
from certdesk.domain.vetting.dossier import LONGEST_TEXT, prose, prose_fault
from certdesk.engine import Caller
from tests.actions.vetting import ANN, BEN, DV, EV, OPS, Desk
from tests.papers import GIF, PDF, PNG
from tests.rules import rules_with

SAID = "Please call Wang Fang, wang.fang@example.com"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet, two of them each EV order."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as opened:
        yield opened


def ask(desk: Desk, subject: str, text: str = "Who signs?", uid: int = ANN, **more: str) -> str:
    """Ask the applicant; return the id of the question."""
    asked = desk.operator_as(uid, "AskApplicant", Id=subject, Question=text, **more)
    return str(asked["QuestionId"])


def file(content: bytes = PDF, name: str = "register.pdf") -> dict[str, str]:
    """Return a file as it is sent."""
    return {"Name": name, "Content": base64.b64encode(content).decode()}


def answer(desk: Desk, question: str, text: str = "The director.", *files: dict[str, str]) -> None:
    """Answer a question as the account."""
    desk.console(desk.caller, "AnswerQuestion", QuestionId=question, Answer=text, Files=list(files))


def questions(desk: Desk, caller: Caller | None = None) -> list[dict[str, Any]]:
    """List the questions to an account."""
    listed = desk.console(caller or desk.caller, "ListQuestions")["Questions"]
    assert isinstance(listed, list)
    return listed


def limited(desk: Desk, *actions: str, certificates: tuple[str, ...] = EVERYTHING) -> Caller:
    """Return a caller of the account who may do only this."""
    policy = Policy(
        uin=desk.caller.uin,
        name="some",
        effect=ALLOW,
        actions=tuple(f"ssl:{each}" for each in actions),
        certificates=certificates,
        created_at=desk.clock.now(),
    )
    return replace(desk.caller, grants=Grants((policy,)))


# --- questions -----------------------------------------------------------------------------------


def test_an_order_waits_for_its_answer_where_it_is_and_says_so(desk: Desk) -> None:
    """StatusMsg tells of the question until the answer; then the review is in the queue again."""
    order = desk.submit(EV)
    desk.approve("manager:1")
    question = ask(desk, f"order:{order}", SAID)
    assert desk.stands(order) == (0, QUESTION_ASKED)
    (listed,) = desk.operator("ListReviews")["Reviews"]
    assert (listed["Id"], listed["Question"]) == (f"order:{order}", "asked")
    (asked,) = questions(desk)
    assert (asked["Text"], asked["Open"], asked["CertificateId"]) == (SAID, True, order)
    assert asked["About"] == "example.com"

    answer(desk, question, "The director signs.\r\nShe is back on Monday.", file())
    assert desk.stands(order) == (0, "LEGAL-REVIEWING")
    (listed,) = desk.operator("ListReviews")["Reviews"]
    assert listed["Question"] == "answered"
    (shown,) = desk.operator("ShowReview", Id=f"order:{order}")["Questions"]
    assert shown["Answer"] == "The director signs.\nShe is back on Monday."
    (sent,) = shown["Files"]
    read = desk.operator_as(ANN, "ReadAttachment", Id=f"order:{order}", FileId=sent["Id"])
    assert (read["Name"], base64.b64decode(read["Content"])) == ("register.pdf", PDF)


def test_there_may_be_several_rounds_and_all_are_shown(desk: Desk) -> None:
    """Also two questions at once: the order waits for both."""
    order = desk.submit()
    subject = f"order:{order}"
    desk.approve("manager:1")
    first, second = ask(desk, subject, "one?"), ask(desk, subject, "two?", BEN)
    answer(desk, first, "1")
    assert desk.stands(order) == (0, QUESTION_ASKED)
    answer(desk, second, "2")
    assert desk.stands(order) == (0, "LEGAL-REVIEWING")
    answer(desk, ask(desk, subject, "three?"), "3")
    shown = desk.operator("ShowReview", Id=subject)["Questions"]
    assert {each["Text"]: each["Answer"] for each in shown} == {
        "one?": "1",
        "two?": "2",
        "three?": "3",
    }
    assert [each["Open"] for each in shown] == [False] * 3


def test_a_question_about_a_manager_is_said_of_each_order_that_waits_for_it(desk: Desk) -> None:
    """Also of one that is submitted later; not of one after the manager is approved."""
    first = desk.submit()
    question = ask(desk, "manager:1")
    second = desk.submit()
    assert desk.stands(first) == desk.stands(second) == (0, QUESTION_ASKED)
    (asked,) = questions(desk)
    assert (asked["Subject"], asked["About"]) == ("manager:1", "Example Trading Ltd")
    answer(desk, question)
    assert desk.stands(first) == desk.stands(second) == (0, "PRE-REVIEWING")
    ask(desk, "manager:1")
    desk.approve("manager:1")
    assert desk.stands(first) == desk.stands(second) == (0, "LEGAL-REVIEWING")


@pytest.mark.parametrize("end", ["approve", "reject", "cancel"])
def test_a_question_ends_with_its_review(desk: Desk, end: str) -> None:
    """It needs no answer now, and StatusMsg says what comes next."""
    order = desk.submit()
    desk.approve("manager:1")
    question = ask(desk, f"order:{order}")
    if end == "approve":
        desk.approve(f"order:{order}")
    elif end == "reject":
        desk.operator("RejectReview", Id=f"order:{order}", Reason="no answer")
    else:
        desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    assert desk.stands(order)[1] != QUESTION_ASKED
    assert [each["Open"] for each in questions(desk)] == [False]
    with pytest.raises(errors.InvalidParam, match="needs no answer now"):
        answer(desk, question)


def test_what_was_answered_is_part_of_what_was_seen(desk: Desk) -> None:
    """Whoever opened the review before the answer came has to look again."""
    order = desk.submit()
    subject = f"order:{order}"
    desk.approve("manager:1")
    question = ask(desk, subject)
    attempt = desk.operator_as(BEN, "ShowReview", Id=subject)["Attempt"]
    answer(desk, question, SAID)
    for more in ({}, {"Attempt": attempt}):
        with pytest.raises(errors.InvalidParam, match="Questions is"):
            desk.operator_as(BEN, "ApproveReview", Id=subject, **more)
        with pytest.raises(errors.InvalidParam, match="Questions is"):
            ask(desk, subject, "again?", BEN, **more)
    (seen,) = desk.store.read(lambda unit: unit.sights.where(subject=subject))
    assert "Wang" not in seen.members


def test_whoever_asks_knows_the_question(desk: Desk) -> None:
    """It makes no decision of theirs invalid, but those of others; an answer does for both."""
    order = desk.submit(EV)
    subject = f"order:{order}"
    desk.approve("manager:1")
    for uid in (ANN, BEN):
        desk.operator_as(uid, "ShowReview", Id=subject)
    question = ask(desk, subject)
    with pytest.raises(errors.InvalidParam, match="Questions is"):
        desk.approve(subject, BEN)
    again = ask(desk, subject, "And who pays?")
    answer(desk, again)
    with pytest.raises(errors.InvalidParam, match="Questions is"):
        desk.approve(subject, ANN)
    desk.operator_as(ANN, "ShowReview", Id=subject)
    assert desk.approve(subject, ANN) is None
    assert question != again


def test_only_what_waits_can_be_asked_about(desk: Desk) -> None:
    """Not an order that nobody reviews; for a reported key, the accounts are asked directly."""
    order = desk.submit(DV)
    with pytest.raises(errors.InvalidParam, match="it does not wait for a review"):
        ask(desk, f"order:{order}")
    assert desk.stands(order) == (0, "PENDING-DCV")


def test_questions_have_limits(desk: Desk) -> None:
    """Of number, of length, and of what can be read."""
    order = desk.submit()
    subject = f"order:{order}"
    for text in ("", " \n ", "x" * (LONGEST_TEXT + 1), "a\x1b[31m", "a\u202eb"):
        with pytest.raises(errors.ServiceError, match="Question"):
            ask(desk, subject, text)
    for _ in range(20):
        ask(desk, subject)
    with pytest.raises(errors.InvalidParam, match="20 questions were asked already"):
        ask(desk, subject)


def test_answers_have_limits(desk: Desk) -> None:
    """Five files, of the kinds that letters have; a refused answer changes nothing."""
    order = desk.submit()
    question = ask(desk, f"order:{order}")
    for files in ([file(GIF)], [file(PDF[:-9])], [file(b"x" * 2000)], [file(name="\n")]):
        with pytest.raises(errors.InvalidParam, match=r"Files: the (file is|name)"):
            answer(desk, question, "see file", *files)
    with pytest.raises(errors.InvalidParam, match="Files: must be at most 5"):
        answer(desk, question, "see files", *[file()] * 6)
    assert [each["Open"] for each in questions(desk)] == [True]
    answer(desk, question, "see files", file(), file(PNG, "C:\\scan\\sign.png"))
    assert [each["Name"] for each in questions(desk)[0]["Files"]] == ["register.pdf", "sign.png"]
    with pytest.raises(errors.InvalidParam, match="the question was answered"):
        answer(desk, question)


def test_another_accounts_question_is_missing(desk: Desk) -> None:
    """It is neither listed, shown nor answered, with the words for one that does not exist."""
    question = ask(desk, f"order:{desk.submit()}")
    stranger = desk.account()
    assert questions(desk, stranger) == []
    for its in (question, "A" * 16):
        with pytest.raises(errors.QuestionNotFound, match=r"^There is no such question\.$"):
            desk.console(stranger, "AnswerQuestion", QuestionId=its, Answer="x")
        with pytest.raises(errors.QuestionNotFound, match=r"^There is no such question\.$"):
            desk.console(stranger, "ShowQuestion", QuestionId=its)


def test_a_question_is_shown_however_many_came_after_it(desk: Desk) -> None:
    """The list has the newest ones alone."""
    question = ask(desk, f"order:{desk.submit()}")
    desk.clock.move(timedelta(minutes=1))
    ask(desk, f"order:{desk.submit()}")
    (newest,) = desk.console(desk.caller, "ListQuestions", Limit=1)["Questions"]
    shown = desk.console(desk.caller, "ShowQuestion", QuestionId=question)["Question"]
    assert (newest["Id"] != question, shown["Id"], shown["Open"]) == (True, question, True)


def test_policies_bind_whoever_answers(desk: Desk) -> None:
    """Who may send the material of the order may answer; others do not see the question."""
    order = desk.submit()
    question = ask(desk, f"order:{order}")
    ask(desk, "manager:1")
    reader = limited(desk, "Describe*")
    assert questions(desk, reader) == []
    other = limited(desk, "CertificateInfoSubmit", certificates=("AAAAAAAA",))
    for caller in (reader, other):
        with pytest.raises(errors.QuestionNotFound):
            desk.console(caller, "AnswerQuestion", QuestionId=question, Answer="x")
        with pytest.raises(errors.QuestionNotFound):
            desk.console(caller, "ShowQuestion", QuestionId=question)
    sender = limited(desk, "CertificateInfoSubmit")
    assert [each["Subject"] for each in questions(desk, sender)] == [f"order:{order}"]
    desk.console(sender, "AnswerQuestion", QuestionId=question, Answer="x")


def test_whoever_answered_does_not_approve(desk: Desk) -> None:
    """They took part in the request."""
    order = desk.submit()
    subject = f"order:{order}"
    desk.approve("manager:1")
    user = desk.named("Root")
    question = ask(desk, subject)
    desk.console(user, "AnswerQuestion", QuestionId=question, Answer="x")
    shown = desk.operator_as(0, "ShowReview", Id=subject)
    assert shown["MayDecide"] is False
    assert "requested it" in shown["WhyNot"]
    assert desk.operator_as(OPS, "ShowReview", Id=subject)["MayDecide"] is True


def test_texts_and_files_are_sealed_and_the_log_has_none_of_them(desk: Desk) -> None:
    """Names of files too."""
    order = desk.submit()
    subject = f"order:{order}"
    answer(desk, ask(desk, subject, SAID), SAID, file(name=f"{SAID}.pdf"))
    desk.operator_as(ANN, "AddNote", Id=subject, Note=SAID)
    desk.operator_as(ANN, "AddAttachment", Id=subject, Name=f"{SAID}.pdf", File=file()["Content"])
    kept = desk.store.read(
        lambda unit: [
            *unit.questions.where(),
            *unit.notes.where(),
            *unit.vetting_files.where(),
            *unit.audit.where(),
        ]
    )
    assert len(kept) > 4
    assert all("Wang" not in repr(each) and b"%PDF" not in repr(each).encode() for each in kept)
    details = [each.detail for each in desk.audit(order)]
    assert any("asked by uid" in each for each in details)
    assert any("answered by" in each for each in details)


# --- notes, files and ticks ----------------------------------------------------------------------


def test_notes_and_files_of_reviewers_are_theirs_and_change_no_decision(desk: Desk) -> None:
    """Another reviewer sees them; the applicant does not; what was seen is still what it was."""
    order = desk.submit()
    subject = f"order:{order}"
    desk.approve("manager:1")
    attempt = desk.operator_as(BEN, "ShowReview", Id=subject)["Attempt"]
    desk.operator_as(ANN, "AddNote", Id=subject, Note="called\nat noon")
    added = desk.operator_as(
        ANN, "AddAttachment", Id=subject, Name="call.png", File=file(PNG)["Content"]
    )
    shown = desk.operator_as(BEN, "ShowReview", Id=subject)
    (note,), (attached,) = shown["Notes"], shown["Attachments"]
    assert (note["Text"], note["WrittenBy"]) == ("called\nat noon", f"uid {ANN}")
    assert (attached["Id"], attached["Name"], attached["Form"]) == (
        added["FileId"],
        "call.png",
        "PNG",
    )
    assert questions(desk) == []
    assert desk.operator_as(BEN, "ApproveReview", Id=subject, Attempt=attempt)["Verdict"]


def test_a_file_is_read_through_its_own_review(desk: Desk) -> None:
    """By the id of another one it is missing."""
    one, other = desk.submit(), desk.submit()
    added = desk.operator("AddAttachment", Id=f"order:{one}", Name="a.pdf", File=file()["Content"])[
        "FileId"
    ]
    with pytest.raises(errors.ReviewNotFound, match="it has no such file"):
        desk.operator("ReadAttachment", Id=f"order:{other}", FileId=added)


def test_ticks_are_each_reviewers_own_and_a_decision_says_what_is_missing(desk: Desk) -> None:
    """They need not be complete; the log has what nobody ticked."""
    order = desk.submit(EV)
    subject = f"order:{order}"
    desk.approve("manager:1")
    items = desk.operator_as(ANN, "ShowReview", Id=subject)["Checklist"]
    keys = [each["Key"] for each in items]
    assert all(each["Source"].startswith(("BR ", "EVG ")) for each in items)
    left = desk.operator_as(ANN, "TickChecklist", Id=subject, Items=keys[:3])["Missing"]
    assert left == keys[3:]
    desk.operator_as(ANN, "TickChecklist", Id=subject, Items=keys[1:2])
    with pytest.raises(errors.InvalidParam, match="Items: must be of"):
        desk.operator_as(ANN, "TickChecklist", Id=subject, Items=["all"])
    shown = desk.operator_as(BEN, "ShowReview", Id=subject)["Checklist"]
    assert [each["TickedBy"] for each in shown][:3] == [[], [f"uid {ANN}"], []]
    assert not any(each["TickedByMe"] for each in shown)

    decided = desk.operator_as(BEN, "ApproveReview", Id=subject)
    assert decided["Unticked"] == [key for key in keys if key != keys[1]]
    assert f"not ticked: {keys[0]}" in desk.audit(order)[-1].detail


def test_ticks_end_with_the_review(desk: Desk) -> None:
    """The manager is vetted again after its time: everything is checked anew."""
    desk.submit()
    key = desk.operator_as(ANN, "ShowReview", Id="manager:1")["Checklist"][0]["Key"]
    desk.operator_as(ANN, "TickChecklist", Id="manager:1", Items=[key])
    desk.approve("manager:1")
    desk.clock.move(timedelta(days=398))
    desk.call(desk.caller, "SubmitAuditManager", ManagerId=1)
    shown = desk.operator_as(ANN, "ShowReview", Id="manager:1")["Checklist"]
    assert not any(each["TickedBy"] for each in shown)
    desk.operator_as(ANN, "TickChecklist", Id="manager:1", Items=[key])


# --- where it goes -------------------------------------------------------------------------------


def test_all_of_it_goes_with_the_order(desk: Desk) -> None:
    """Nothing is left when it is deleted."""
    order = desk.submit()
    subject = f"order:{order}"
    answer(desk, ask(desk, subject), "x", file())
    desk.operator("AddNote", Id=subject, Note="n")
    desk.operator("AddAttachment", Id=subject, Name="a.pdf", File=file()["Content"])
    desk.operator("TickChecklist", Id=subject, Items=["names-fit"])
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.call(desk.caller, "DeleteCertificate", CertificateId=order)
    counts = desk.store.read(
        lambda unit: [
            each.count(subject=subject)
            for each in (unit.questions, unit.notes, unit.vetting_files, unit.ticks)
        ]
    )
    assert counts == [0, 0, 0, 0]
    assert desk.store.read(lambda unit: unit.usage.of(desk.caller.uin))["letters"] == 0


def test_a_person_is_found_in_them_and_erased(desk: Desk) -> None:
    """By an address in a text; files of the person's orders go, as letters do."""
    order = desk.submit()
    subject = f"order:{order}"
    answer(desk, ask(desk, subject, "Who?"), SAID, file())
    desk.operator("AddNote", Id=subject, Note=SAID)
    desk.operator("RejectReview", Id="manager:1", Reason="no")
    person = {"By": "email", "Value": "wang.fang@example.com"}
    found = desk.operator("ExportPerson", **person)
    told = {(each["Record"], each["What"], each["Text"]) for each in found["Texts"]}
    assert (subject, "an answer to a reviewer", SAID) in told
    assert (subject, "a reviewer's note", SAID) in told
    erased = desk.operator("ErasePerson", **person)["Erased"]
    assert {"Record": subject, "What": "an answer to a reviewer"} in erased
    shown = desk.operator("ShowReview", Id=subject)
    assert (shown["Questions"][0]["Text"], shown["Questions"][0]["Answer"]) == ("Who?", "(erased)")
    assert shown["Notes"][0]["Text"] == "(erased)"
    assert desk.operator("ExportPerson", **person)["Texts"] == []


def test_files_of_a_persons_orders_are_exported_and_erased(desk: Desk) -> None:
    """Nobody can say what is in them."""
    order = desk.submit()
    answer(desk, ask(desk, f"order:{order}"), "see file", file())
    desk.operator("RejectReview", Id="manager:1", Reason="no")
    person = {"By": "email", "Value": "ning@example.com"}
    found = desk.operator("ExportPerson", **person)
    assert [each["Record"] for each in found["Letters"]] == [f"order:{order}"]
    desk.operator("ErasePerson", **person)
    assert desk.store.read(lambda unit: unit.vetting_files.count()) == 0


# --- texts ---------------------------------------------------------------------------------------


@given(text=st.text())
def test_a_text_is_accepted_if_and_only_if_each_line_can_be_read(text: str) -> None:
    """Line ends of browsers become line feeds, and nothing else changes."""
    written = prose(text)
    assert prose(written) == written
    assert "\r\n" not in written
    lines = written.replace("\t", " ").split("\n")
    fine = bool(written) and not any(line and unseen_fault(line) for line in lines)
    assert (prose_fault(written) == "") == (fine and len(written) <= LONGEST_TEXT)


# --- the queue -----------------------------------------------------------------------------------


def test_the_queue_comes_in_pages_and_by_age(desk: Desk) -> None:
    """Only what is on the page counts as listed."""
    first = desk.submit()
    desk.clock.move(timedelta(hours=1))
    second = desk.submit()
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=first)
    desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=first)
    desk.clock.move(timedelta(hours=1))
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=first)
    by_age = desk.operator_as(ANN, "ListReviews", ByAge=True)
    assert by_age["TotalCount"] == 3
    ids = [each["Id"] for each in by_age["Reviews"]]
    assert ids == ["manager:1", f"order:{second}", f"order:{first}"]
    page = desk.operator_as(BEN, "ListReviews", ByAge=True, Limit=1, Offset=1)
    assert (page["TotalCount"], [each["Id"] for each in page["Reviews"]]) == (3, ids[1:2])
    seen = desk.store.read(lambda unit: unit.sights.where(operator=f"uid {BEN}"))
    assert [each.subject for each in seen] == ids[1:2]


def test_each_look_at_what_people_wrote_is_in_the_log(desk: Desk) -> None:
    """Also of a review without a company; that of a key is in the desk's own log."""
    order = desk.submit(DV)
    desk.take_on(order)
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order, Reason="superseded")
    subject = f"revocation:{order}"
    desk.operator_as(ANN, "ShowReview", Id=subject)
    assert "shown to" not in desk.audit(order)[-1].detail
    desk.operator_as(ANN, "AddNote", Id=subject, Note="called")
    desk.operator_as(BEN, "ShowReview", Id=subject)
    assert f"{subject} shown to uid {BEN}" in desk.audit(order)[-1].detail
