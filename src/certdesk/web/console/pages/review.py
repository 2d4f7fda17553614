"""One review: everything that a reviewer needs to decide, on one page, and the forms to decide."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

from certdesk.domain.errors import ReviewChanged
from certdesk.domain.people.role import REVIEWERS, STAFF
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.review import OPERATOR
from certdesk.operator.vetting.content import ShowReviewReply
from certdesk.web.console.page import KIB, Answered, File, Page, Redirect, Shown
from certdesk.web.console.visit import Visit

FILE_LIMIT = 2048 * KIB
"""Bytes of a form with one file."""

BUTTONS = {"Question": "Ask", "Reason": "Reject"}
"""The texts that are sent by one button only, and its word."""

Act = Callable[[Visit, list[str]], str]
"""What a button does, told what nobody has ticked; returns the key of what is said then, or ""."""

KEY = "AKID"
"""The beginning of every SecretId."""

CONFLICT = 409
"""The status of a decision about what has changed."""

UNFIT = 422
"""The status of a form that is shown again."""

MEDIA = {"PDF": "application/pdf", "JPG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
ENDINGS = {"PDF": ".pdf", "JPG": ".jpg", "PNG": ".png", "GIF": ".gif"}
SUBJECT = {
    "C": "Country",
    "ST": "Region",
    "L": "City",
    "O": "Company",
    "serialNumber": "Registration number",
    "jurisdictionC": "Country of the register",
}
"""The parts of a certificate's subject, by their short names."""

FOLLOWS = {
    "manager": (
        "Orders of this manager and its company can then be approved, for 398 days.",
        "All orders of this manager that are under way fail.",
    ),
    "order": (
        "The certificate is issued as soon as its names are proved.",
        "The order fails. Its owner can correct it and submit it again.",
    ),
    "revocation": (
        "The certificate is revoked, for good.",
        "The certificate stays valid.",
    ),
    "key": (
        "No account may use the key again. All its certificates are revoked, for good.",
        "The key stays blocked for the accounts that reported it. Other certificates stay valid.",
    ),
}
"""What follows from an approval and from a rejection, by the kind of review."""

WORDS = (
    ("Order.Names", "the names"),
    ("Order.Subject", "what the certificate will say"),
    ("Order.Letter", "the letter"),
    ("Order.Key", "the key"),
    ("Order.Spki", "the key"),
    ("Order.Remarks", "the doubts"),
    ("Order.RevocationReason", "the reason for the revocation"),
    ("Order.Said", "what the owner says"),
    ("Order", "the order"),
    ("Company", "the company"),
    ("Manager", "the manager"),
    ("Contact", "the contact"),
    ("Remarks", "the doubts"),
    ("Questions", "the questions and answers"),
    ("Key", "who has certificates for the key"),
)
"""What a page calls the members of a review, by the beginnings of their paths."""

ROLES = {"Admin": "Manager", "Manager": "Manager", "Tech": "Contact", "Contact": "Contact"}
"""What a page calls people, by the beginnings of the names of fields."""

EV = "EV"


def show(visit: Visit) -> Shown:
    """Show everything; the audit log has who saw it."""
    review = visit.run("ShowReview", Id=visit.value("id"))
    return Shown(
        _title(review),
        refusal="This was not done",
        template="review.html",
        review=review,
        standing=_standing(review),
        waits=review.since is not None and review.verdict is None,
        approved=_approved(review),
        doubts=_doubts(review),
        done_by_me=review.why_not.startswith(f"{visit.visitor.name} already approved it;"),
        decides=visit.visitor.role in REVIEWERS,
        address=f"/reviews/{quote(review.id)}",
        asker=asker,
        follows=FOLLOWS[review.id.partition(":")[0]],
        subject=[
            (SUBJECT.get(part.partition("=")[0], part.partition("=")[0]), part.partition("=")[2])
            for part in (review.order.subject if review.order else ())
        ],
    )


def approve(visit: Visit) -> Answered:
    """Approve it as it was shown."""
    return _done(visit, _approve)


def reject(visit: Visit) -> Answered:
    """Reject it as it was shown, with a reason that the applicant reads."""
    return _done(visit, _reject, sends="Reason")


def ask(visit: Visit) -> Answered:
    """Ask the applicant."""
    return _done(visit, _ask, sends="Question")


def store(visit: Visit) -> Answered:
    """Store what was ticked, written and chosen, and decide nothing."""
    return _done(visit, lambda *_: "stored")


def letter(visit: Visit) -> File:
    """Return the letter as a file to be saved."""
    name = visit.value("id")
    read = visit.run("ReadLetter", Id=name)
    return _file(f"letter-{name}", read.form, read.content)


def attachment(visit: Visit) -> File:
    """Return a file of an answer or of a reviewer, to be saved."""
    read = visit.run("ReadAttachment", Id=visit.value("id"), FileId=visit.value("file"))
    return _file(read.name, read.form, read.content)


def saved_as(name: str, form: str) -> str:
    """Return the name under which a browser saves a file: with the ending of its kind alone.

    >>> saved_as("Register.exe", "PDF")
    'Register.pdf'
    """
    return f"{(name.rpartition('.')[0] or name)[:80]}{ENDINGS[form]}"


def asker(name: str) -> str:
    """Return in words who asked for a review, or answered a question.

    >>> asker("AKIDabc"), asker("operator"), asker("ann")
    ("the account's key", 'the operator', 'ann')
    """
    if name.startswith(KEY):
        return "the account's key"
    return "the operator" if name == OPERATOR else name


def _done(visit: Visit, act: Act, sends: str = "") -> Answered:
    """Store ticks, note and file, then do what the pressed button says; show the review again.

    All buttons are of one form, so that nothing is lost that was ticked or typed. `sends` is the
    text that the button sends; another text that was typed stays in its field.
    """
    try:
        unticked = _stored(visit)
        unsent = [name for name in BUTTONS if name != sends and visit.form.text(name)]
        for name in unsent:
            visit.problem[name] = f"Not sent yet. Press {BUTTONS[name]}, or empty this field."
        said = "" if unsent else act(visit, unticked)
        if said:
            return Redirect(f"/reviews/{quote(visit.value('id'))}", said=said)
        status = UNFIT
    except ReviewChanged as changed:
        words = ", ".join(dict.fromkeys(map(_in_words, changed.members)))
        what = f"This changed since you opened it{f': {words}' if words else ''}."
        visit.problem = {"": f"{what} Read it again, then decide."}
        status = CONFLICT
    shown = show(visit)
    shown.status = status
    return shown


def _stored(visit: Visit) -> list[str]:
    """Store note, file and ticks; return the items that nobody has ticked."""
    name, form = visit.value("id"), visit.form
    if form.text("Note"):
        visit.run("AddNote", Id=name, Note=form.text("Note"))
        # If the form is shown again, the note is among the others.
        rest = {field: values for field, values in form.fields.items() if field != "Note"}
        form = visit.form = replace(form, fields=rest)
    for upload in form.files("File"):
        content = base64.b64encode(upload.content).decode()
        visit.run("AddAttachment", Id=name, Name=upload.name, File=content)
    ticks, attempt = list(form.all("Items")), form.text("Attempt")
    ticked = visit.run("TickChecklist", Id=name, Items=ticks, Attempt=attempt)
    missing: list[str] = ticked.missing
    return missing


def _approve(visit: Visit, unticked: list[str]) -> str:
    if unticked and not visit.form.has("Without"):
        count = len(unticked)
        items = "1 item is" if count == 1 else f"{count} items are"
        visit.problem = {"Without": f"{items} not ticked. Tick this box to approve all the same."}
        return ""
    decided = visit.run("ApproveReview", Id=visit.value("id"), Attempt=visit.form.text("Attempt"))
    return "approved" if decided.verdict else "approved-first"


def _reject(visit: Visit, _: list[str]) -> str:
    attempt = visit.form.text("Attempt")
    # A reason is one line, as the message of an order is.
    reason = " ".join(visit.form.text("Reason").split())
    visit.run("RejectReview", Id=visit.value("id"), Attempt=attempt, Reason=reason)
    return "rejected"


def _ask(visit: Visit, _: list[str]) -> str:
    attempt, question = visit.form.text("Attempt"), visit.form.text("Question")
    visit.run("AskApplicant", Id=visit.value("id"), Attempt=attempt, Question=question)
    return "asked"


def _in_words(path: str) -> str:
    return next((words for start, words in WORDS if path.startswith(start)), path)


def _file(name: str, form: str, content: str) -> File:
    return File(saved_as(name, form), MEDIA[form], base64.b64decode(content))


def _title(review: ShowReviewReply) -> str:
    kind, _, key = review.id.partition(":")
    order, company, manager = review.order, review.company, review.manager
    if kind == "manager" and manager and company:
        names = (manager.manager_first_name, manager.manager_last_name)
        return f"Manager {' '.join(each for each in names if each)} of {company.company_name}"
    if order:
        word = "Revocation of" if kind == "revocation" else "Order"
        return f"{word} {key}: {order.names[0] if order.names else order.product}"
    return "Reported key"


def _standing(review: ShowReviewReply) -> str:
    """Return in words how far the decision has come."""
    if review.verdict is not None:
        by = f" by {' and '.join(review.approvals)}" if review.verdict == "approved" else ""
        because = f": {review.reason}" if review.reason else ""
        return f"It was {review.verdict}{by}{because}."
    if review.since is None:
        return "It does not wait for a decision."
    if review.people_needed == 1:
        return "One person decides."
    if review.approvals:
        return "A second person has to approve it, too."
    return "Two people have to approve it. Nobody has so far."


def _approved(review: ShowReviewReply) -> list[tuple[str, str, int]]:
    """Return who has approved, when, and how many items of the checklist each has ticked."""
    return [
        (name, at, sum(name in item.ticked_by for item in review.checklist))
        for name, at in zip(review.approvals, review.approval_times, strict=True)
    ]


def _doubts(review: ShowReviewReply) -> list[str]:
    """Return the doubts, once each, in words for the fields that they are about."""
    order, company = review.order, review.company
    found = [*(order.remarks if order else ()), *review.remarks]
    if order and order.level == EV and company and not company.id_number:
        found.append("It is an EV order, and the company has no registration number.")
    return list(dict.fromkeys(map(_of_whom, found)))


def _of_whom(doubt: str) -> str:
    """Return a doubt about a telephone number with the person in words, not with its parameter."""
    parameter, colon, said = doubt.partition(": ")
    role = next((role for role in ROLES if role in parameter), None)
    if not colon or role is None or "Phone" not in parameter:
        return doubt
    return f"{ROLES[role]}'s telephone: {said}"


def _page(path: str, act: Callable[[Visit], Answered]) -> Page:
    return Page(f"/reviews/{{id}}{path}", show, act, roles=REVIEWERS, body_limit=FILE_LIMIT)


PAGES = (
    Page("/reviews/{id}", show, roles=STAFF),
    _page("/store", store),
    _page("/approve", approve),
    _page("/reject", reject),
    _page("/ask", ask),
    Page("/reviews/{id}/letter", letter, roles=REVIEWERS),
    Page("/reviews/{id}/files/{file}", attachment, roles=REVIEWERS),
)
