"""The operator's requests about one order."""

from typing import Annotated

from certdesk.domain.values.revocation_reason import Reason
from certdesk.wire.model import Integer, Request
from certdesk.wire.operator import Argument, Option

REASONS = tuple(reason.value for reason in Reason)


class ShowOrderRequest(Request):
    """Show all that happened to an order and what comes next: a timeline, or JSON."""

    certificate_id: str


class CurrentOrderRequest(Request):
    """Print the id of the certificate that is now in force instead of this one, or JSON.

    Exit code 1 if there is none, because it has ended and its successor is not issued.
    """

    certificate_id: str


class ResumeOrderRequest(Request):
    """Resume the work on an order now, even if it was set aside or is not due yet."""

    certificate_id: str


class RevokeOrderRequest(Request):
    """Revoke the certificate of an order, without validation, letter or review.

    The desk does it within seconds, or when it next runs. After keyCompromise the key is blocked
    for every account, and all other certificates for it, which are printed, are revoked too.
    """

    certificate_id: str
    reason: Annotated[
        str,
        Option(
            f"Why, in the words of RFC 5280: {', '.join(REASONS)}. After keyCompromise nobody may "
            "use the key again.",
            metavar="REASON",
            choices=REASONS,
        ),
    ]


class KeepOrderRequest(Request):
    """Decline a revocation that the owner of a certificate asked for and that is not granted yet.

    A request that has changed since it was shown to you is refused, as with review approve.
    """

    certificate_id: str
    reason: Annotated[str, Option("The reason; the customer reads it.")]
    attempt: Annotated[
        str | None,
        Option(
            "Decline exactly the request that review show revocation:ID printed with this digest.",
            metavar="DIGEST",
        ),
    ] = None


class MoveOrderRequest(Request):
    """Move a certificate to another account, with its order and its private key.

    The desk does it within seconds, or when it next runs. Until then, --to with the present account
    cancels the move. Only DV and uploaded certificates can move.
    """

    certificate_id: str
    uin: Annotated[str, Option("The account to move it to.", "--to", metavar="UIN")]
    reason: Annotated[str | None, Option("The reason; the logs of both accounts have it.")] = None


class GrantOrderRequest(Request):
    """Grant an account an order that it did not buy, for the PRODUCT of that number.

    It waits for its material like a bought order: at status 5, or at 13 for the free product 83.
    The limit of free certificates of the account does not apply.
    """

    product_id: Annotated[Integer, Argument("PRODUCT")]
    uin: Annotated[str, Option("The account that gets it.")]
    time_span: Annotated[
        Integer | None,
        Option("How many years; not for product 83.  [default: 1]", "--years"),
    ] = None
    domain_num: Annotated[Integer | None, Option("How many names.  [default: 1]", "--domains")] = (
        None
    )
    project_id: Annotated[
        Integer | None, Option("Number of a project of the account.  [default: 0]", "--project")
    ] = None


class RefundOrderRequest(Request):
    """Record that a bought order that was cancelled, or has failed, was refunded.

    After that it can only be deleted.
    """

    certificate_id: str
    reason: Annotated[str | None, Option("The reason; the customer reads it.")] = None
