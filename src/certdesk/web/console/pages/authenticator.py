"""Setting up the second step: an authenticator app, by a picture or by its secret."""

from __future__ import annotations

from certdesk.web.console.page import Access, Page, Shown
from certdesk.web.console.qr import path_of
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Show a new secret; it counts once a code of it was typed."""
    begun = visit.run("BeginAuthenticator")
    return Shown(
        "Your second step", secret=begun.secret, picture=path_of(begun.uri), onward=visit.onward
    )


def act(visit: Visit) -> Shown:
    """Confirm the secret, and show the recovery codes: this once."""
    done = visit.run("ConfirmAuthenticator", Code=visit.form.text("Code"))
    return Shown(
        "Your recovery codes",
        template="recovery_codes.html",
        session=done.session,
        codes=done.recovery_codes,
        onward=visit.onward,
    )


PAGE = Page("/account/authenticator", show, act, access=Access.HALFWAY)
