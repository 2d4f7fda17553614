"""What the operator may ask about what waits for people."""

from typing import Annotated

from msgspec import Meta

from certdesk.wire.model import Request
from certdesk.wire.operator import Option


class ListReviewsRequest(Request):
    """List what waits, in an order for approving it: a table at a terminal, JSON otherwise."""


class ListDecisionsRequest(Request):
    """List what was decided, the newest first: a table at a terminal, JSON otherwise.

    It is what the audit log has of approvals and rejections, whose they were, and of the orders
    that failed with a manager.
    """

    limit: Annotated[int, Meta(ge=1, le=1000), Option("How many at most.")] = 50
