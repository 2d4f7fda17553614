"""`certdesk review`: what waits to be vetted, and what people decide."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Any

import click

from certdesk.cli.common import (
    REFUSED,
    Form,
    as_json,
    desk_options,
    fail,
    refused,
    show_reply,
)
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import age, local_time, say, show, table, tell
from certdesk.cli.readable import ONE
from certdesk.settings import Settings
from certdesk.wire.operator import reviews as asked

COLUMNS = ("Id", "About", "Account", "Product", "Level", "Letter", "Age", "Approved by")

DONE = {"ApproveReview": "approved", "RejectReview": "rejected", "KeepOrder": "kept"}

as_seen = click.option(
    "--attempt",
    metavar="DIGEST",
    help="Decide only on the version that review show or review list --json printed with this "
    "digest.",
)


@click.group(cls=Group)
def review() -> None:
    """Vetting: managers with their companies, OV and EV orders, revocations, reported keys."""


def _table(response: dict[str, Any]) -> None:
    rows = (
        (
            each["Id"],
            each["About"],
            each["AccountName"],
            each["Product"] or "",
            each["Level"] or "",
            "letter" if each["Letter"] else "",
            age(each["Since"], response["Now"]),
            ", ".join(each["Approvals"]),
        )
        for each in response["Reviews"]
    )
    table(COLUMNS, rows, nothing="Nothing waits for a review.")


def _decided(response: dict[str, Any]) -> None:
    rows = [
        (
            local_time(each["Time"]),
            each["AccountName"],
            DONE[each["Action"]],
            each["Subject"],
            each["Detail"],
        )
        for each in response["Decisions"]
    ]
    table(("Time", "Account", "Decision", "About", "Detail"), rows, nothing="Nothing was decided.")
    if rows:
        say(f"{len(rows)} of {response['TotalCount']}")


pass_on(review, "list", asked.ListReviewsRequest, Form("Reviews", _table))
pass_on(review, "decided", asked.ListDecisionsRequest, Form("Decisions", _decided))


@review.command("show")
@click.argument("id_", metavar="ID")
@as_json
@desk_options
def review_show(settings: Settings, id_: str, *, json_: bool) -> None:
    """Show what to vet of a manager, an order, a revocation or a key.

    ID is manager:NUMBER, order:CERTIFICATE, revocation:CERTIFICATE or key:SPKI, as review list
    prints it. SPKI is the SHA-256 digest of a public key. Earlier decisions are shown too. Attempt
    is the digest of the version shown. Telephone numbers and the company number are shown in full,
    and the audit log records this.
    """
    response = ask(settings, "ShowReview", Id=id_)
    refused(response)
    if response["Since"] is None:
        tell(f"{id_}: it does not wait for a decision")
    show_reply(response, ONE, json_=json_)


@review.command("approve")
@click.argument("id_", metavar="ID")
@as_seen
@desk_options
def review_approve(settings: Settings, id_: str, attempt: str | None) -> None:
    """Approve a manager with its company, an order, a revocation or a key that waits for a review.

    ID is one of review list, such as manager:1 or order:CERTIFICATE. Nobody
    can approve what they requested. If vetting.four_eyes is on, an EV order needs two people: two
    users of this system or two of the console.

    The command refuses if anything has changed since review show last showed it to you, or, if it
    never did, since review list. You are the user of this system who runs the command. If you
    approve a key, the desk blocks it for every account and revokes all its certificates; this
    always needs --attempt.
    """
    show_reply(ask(settings, "ApproveReview", Id=id_, Attempt=attempt))


@review.command("reject")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="The reason; the customer reads it.")
@as_seen
@desk_options
def review_reject(settings: Settings, id_: str, *, reason: str, attempt: str | None) -> None:
    """Reject an order, a manager with all its orders under way, a revocation or a key.

    ID is one of review list, such as manager:1 or order:CERTIFICATE. It is refused if anything has
    changed since you saw it, as with review approve.
    """
    show_reply(ask(settings, "RejectReview", Id=id_, Reason=reason, Attempt=attempt))


@review.command("ask")
@click.argument("id_", metavar="ID")
@as_seen
@desk_options
def review_ask(settings: Settings, id_: str, *, attempt: str | None) -> None:
    """Ask the applicant about an order, a revocation or a manager that waits for a review.

    ID is one of review list. The question is read from standard input: up to 4,000 characters. The
    applicant answers in the console; until then StatusMsg says that a question was asked. It is
    refused if anything has changed since you saw it, as with review approve.
    """
    question = sys.stdin.read()
    show_reply(ask(settings, "AskApplicant", Id=id_, Question=question, Attempt=attempt))


@review.command("note")
@click.argument("id_", metavar="ID")
@desk_options
def review_note(settings: Settings, id_: str) -> None:
    """Store a note about a review, which other reviewers see and the applicant does not.

    ID is one of review list. The note is read from standard input: up to 4,000 characters.
    """
    note = sys.stdin.read()
    show_reply(ask(settings, "AddNote", Id=id_, Note=note))


@review.command("letter")
@click.argument("id_", metavar="ID")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="New file for the letter, readable only for this user.",
)
@desk_options
def review_letter(settings: Settings, id_: str, output: Path) -> None:
    """Write the letter of an order or a revocation to a file; the log records who read it.

    ID is order:CERTIFICATE or revocation:CERTIFICATE.
    """
    response = ask(settings, "ReadLetter", Id=id_)
    if "Error" in response:
        show_reply(response)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64decode(response["Content"]))
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}", REFUSED)
    show({"Form": response["Form"], "Sha256": response["Sha256"], "File": str(output)})
