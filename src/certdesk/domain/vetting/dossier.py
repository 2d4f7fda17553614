"""What people add to a review while it waits: questions and answers, notes, files, ticks.

Reviewers ask the applicant, who answers with text and files. Notes and the reviewers' own files are
not shown to the applicant. All texts and files are sealed: they may say anything about anybody.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from certdesk.domain.values.free_text import Code, Lasting
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.visible import unseen_fault
from certdesk.domain.vetting.records import Review

LONGEST_TEXT = 4000
"""Most characters of a question, an answer or a note."""

LONGEST_TITLE = 128
"""Most characters of a file's name."""

MOST_QUESTIONS = 20
"""Questions about one thing, of all its reviews."""

MOST_FILES = 5
"""Files of one answer."""

MOST_NOTES = 200
MOST_ATTACHMENTS = 50
"""Notes, and files of reviewers, about one thing."""

FORMS = ("JPG", "PNG", "PDF")
"""The kinds of files that are accepted; they are checked as letters are."""

BY_STAFF = ""
"""The question of a file that a reviewer attached."""


class Question(Record, kw_only=True):
    """A question to the applicant about a review, with the answer; `text` and `answer` are sealed.

    `asked_by` and `answered_by` are vouched names; `asked_as` and `answered_as` are logins.
    """

    question_id: Code
    subject: Code
    uin: Code
    text: bytes
    asked_by: Lasting
    asked_as: Code
    asked_at: datetime
    answer: bytes | None = None
    answered_by: Lasting = ""
    answered_as: Code = ""
    answered_at: datetime | None = None
    version: int = 1


class Note(Record, kw_only=True):
    """A reviewer's note about a review; the applicant does not see it. `text` is sealed."""

    note_id: Code
    subject: Code
    uin: Code
    text: bytes
    written_by: Lasting
    written_as: Code
    written_at: datetime
    version: int = 1


class VettingFile(Record, kw_only=True):
    """A file that came with an answer, or that a reviewer attached.

    `title` (its name) and `content` are sealed. `question_id` is the question, or `BY_STAFF`.
    `form`, `size` and `sha256` are as in `Letter`.
    """

    file_id: Code
    subject: Code
    uin: Code
    question_id: Code
    title: bytes
    form: Code
    size: int
    sha256: Code
    content: bytes
    added_by: Lasting
    added_as: Code
    added_at: datetime


class Tick(Record, kw_only=True):
    """The items of the checklist that a reviewer has ticked for an attempt."""

    subject: Code
    attempt: int
    operator: Code
    name: Lasting
    items: tuple[Code, ...]
    ticked_at: datetime
    version: int = 1


Entry = Question | Note | VettingFile
"""What is sealed."""

Sealed = TypeVar("Sealed", bound=Entry)

SEALED = {Question: ("text", "answer"), Note: ("text",), VettingFile: ("title", "content")}
"""The sealed fields."""


def with_sealed(entry: Sealed, fields: Mapping[str, bytes | None]) -> Sealed:
    """Return an entry with other sealed fields."""
    changes: dict[str, Any] = dict(fields)
    return replace(entry, **changes)


class Asked(enum.StrEnum):
    """Whether the applicant was asked about a review that waits."""

    NO = ""
    ASKED = "asked"
    ANSWERED = "answered"


def is_open(question: Question, review: Review | None) -> bool:
    """Whether a question waits for its answer: the review that it is about must wait, too."""
    if question.answered_at is not None or review is None or review.verdict is not None:
        return False
    return question.asked_at >= review.since


def asked_state(questions: Iterable[Question], review: Review) -> Asked:
    """Return whether somebody was asked about a review, and whether all has been answered."""
    its = [each for each in questions if each.asked_at >= review.since]
    if any(is_open(each, review) for each in its):
        return Asked.ASKED
    return Asked.ANSWERED if its else Asked.NO


def prose(text: str) -> str:
    r"""Return a text of several lines with line feeds, and without white space around it.

    >>> prose(" one\r\ntwo ")
    'one\ntwo'
    """
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()


def prose_fault(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return why a text of several lines is not accepted; "" if it is. It is never repeated."""
    if not 0 < len(text) <= longest:
        return f"must have 1 to {longest} characters"
    lines = text.replace("\t", " ").split("\n")
    faults = (unseen_fault(line, secret=True) for line in lines if line)
    return next((fault for fault in faults if fault), "")
