"""What the operator may ask about one order."""

from typing import Annotated

from certdesk.domain.values.revocation_reason import Reason
from certdesk.wire.model import Integer, Request
from certdesk.wire.operator import Argument, Option

REASONS = tuple(reason.value for reason in Reason)


class ShowOrderRequest(Request):
    """Show all that happened to an order and what comes next: a timeline, or JSON."""

    certificate_id: str


class CurrentOrderRequest(Request):
    """Tell which certificate is in force now in the place of this one: its id, or JSON.

    Exit code 1 where none is, because it has ended and what came after it is not issued.
    """

    certificate_id: str


class ResumeOrderRequest(Request):
    """Work on an order now, though it was set aside or is not due yet."""

    certificate_id: str


class RevokeOrderRequest(Request):
    """Have the certificate of an order revoked, without proof, letter or review.

    The desk does it within seconds; where it is not running, when it next does. After
    keyCompromise the key is blocked for every account, and the certificates that are printed, all
    others for it, are revoked too.
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
    """Keep a certificate that its owner asked to have revoked, while that is not granted.

    A request that has changed since it was shown to you is refused, as with review approve.
    """

    certificate_id: str
    reason: Annotated[str, Option("Why; the customer reads it.")]
    attempt: Annotated[
        str | None,
        Option(
            "Keep it from exactly the request that review show revocation:ID printed this with.",
            metavar="DIGEST",
        ),
    ] = None


class MoveOrderRequest(Request):
    """Have a certificate move to another account, with its order and its private key.

    The desk does it within seconds; where it is not running, when it next does. Until then --to
    with the account that has it calls that off. It is for DV and for uploaded certificates.
    """

    certificate_id: str
    uin: Annotated[str, Option("The account that is to have it.", "--to", metavar="UIN")]
    reason: Annotated[str | None, Option("Why; the log of both accounts has it.")] = None


class GrantOrderRequest(Request):
    """Give an account an order that it did not buy, for the PRODUCT of that number.

    It waits for its material as one that was bought: at status 5, or, of the free product 83, at
    13. It is not refused where the account has as many free certificates as it may have.
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
    """Note that a bought order that was cancelled, or has failed, was paid back.

    Nothing but deleting it is possible then.
    """

    certificate_id: str
    reason: Annotated[str | None, Option("Why; the customer reads it.")] = None
