"""The operator's requests about reviews."""

from typing import Annotated

from msgspec import Meta

from certdesk.wire.model import Request
from certdesk.wire.operator import Option

MANY = 1_000_000
"""More than there are."""


class ListReviewsRequest(Request):
    """List waiting reviews, in an order for approving them: a table at a terminal, else JSON."""

    by_age: Annotated[bool, Option("Show first what has waited longest.")] = False
    limit: Annotated[int, Meta(ge=1, le=MANY), Option("The most to list.")] = MANY
    offset: Annotated[
        int, Meta(ge=0, le=MANY), Option("How many to leave out at the beginning.")
    ] = 0


class ListDecisionsRequest(Request):
    """List what was decided, the newest first: a table at a terminal, JSON otherwise.

    These are the audit log's entries of approvals and rejections, with their reviewers, and of the
    orders that failed with a manager.
    """

    person: Annotated[str | None, Option("Only what this person decided: a part of the name.")] = (
        None
    )
    text: Annotated[str | None, Option("Only what has this text.")] = None
    limit: Annotated[int, Meta(ge=1, le=1000), Option("The most rows to list.")] = 50
