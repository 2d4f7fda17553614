"""What reviewers ask an applicant, and the form to answer."""

from __future__ import annotations

import base64

from certdesk.domain.people.role import Role
from certdesk.web.console.page import KIB, Page, Redirect, Shown
from certdesk.web.console.visit import Visit

ANSWER_LIMIT = 7400 * KIB
"""Bytes of a form with five files."""

USERS = (Role.USER,)


def show(visit: Visit) -> Shown:
    """List the questions to the account."""
    listed = visit.run("ListQuestions")
    return Shown(
        "Questions",
        questions=listed.questions,
        open_count=listed.open_count,
        may_see=listed.may_see,
    )


def show_one(visit: Visit) -> Shown:
    """Show one question, with the form if it waits for an answer."""
    found = visit.run("ShowQuestion", QuestionId=visit.value("id")).question
    return Shown("Question of a reviewer", template="question.html", question=found)


def answer(visit: Visit) -> Redirect:
    """Answer it."""
    files = [
        {"Name": each.name, "Content": base64.b64encode(each.content).decode()}
        for each in visit.form.files("Files")
    ]
    visit.run(
        "AnswerQuestion",
        QuestionId=visit.value("id"),
        Answer=visit.form.text("Answer"),
        Files=files,
    )
    return Redirect("/questions", said="answered")


PAGES = (
    Page("/questions", show, roles=USERS, menu="Questions"),
    Page("/questions/{id}", show_one, answer, roles=USERS, body_limit=ANSWER_LIMIT),
)
