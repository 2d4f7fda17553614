"""One's own password, to change it."""

from __future__ import annotations

from certdesk.web.console.page import Page, Redirect, Shown
from certdesk.web.console.passwords import chosen_password
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Show the form."""
    del visit
    return Shown("Change your password")


def act(visit: Visit) -> Redirect:
    """Change it; all other sessions end."""
    changed = visit.run(
        "ChangePassword",
        OldPassword=visit.form.raw("OldPassword"),
        Password=chosen_password(visit.form),
    )
    return Redirect("/account", said="password-changed", session=changed.session)


PAGE = Page("/account/password", show, act, field="OldPassword")
