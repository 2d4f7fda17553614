"""The checks before a page does anything: whose form it is, and from where it comes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from certdesk.web.console.origins import Origin

TOKEN = "FormToken"  # noqa: S105 -- the name of the field
_FOR_FORMS = b"certdesk console: token of forms"


class Forged(Exception):
    """A change was not asked for by a page of the console; the text is for the person."""


def form_token(cookie: str) -> str:
    """Return the token that each form of this visitor carries.

    Only somebody who knows the cookie's value can compute it, and no script can read that.
    """
    digest = hmac.digest(cookie.encode(), _FOR_FORMS, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_sender(headers: Mapping[str, str], origin: Origin) -> None:
    """Refuse a change that another site has a browser send.

    Raises:
        Forged: the text says what to do.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forged(
            "This form was sent by another site. Open the page of this desk and try again."
        )
    # Browsers send it with each form. What sends none is no browser, and has nobody's cookie.
    if headers.get("origin", origin.text) != origin.text:
        raise Forged(
            f"This form was not sent from {origin.text}, the address of this desk. Open the "
            f"console at {origin.text}/console/ and try again."
        )


def check_token(cookie: str, sent: str) -> None:
    """Refuse a form without the token of this visitor.

    Raises:
        Forged: the text says what to do.
    """
    if not cookie or not hmac.compare_digest(form_token(cookie).encode(), sent.encode()):
        raise Forged(
            "This form belongs to an earlier visit, and nothing was changed. Go back, load the "
            "page again and send it once more."
        )
