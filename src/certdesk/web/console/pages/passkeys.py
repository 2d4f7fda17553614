"""One's own passkeys: adding, naming and removing them."""

from __future__ import annotations

from certdesk.domain.errors import ProofNeeded
from certdesk.web.console.page import Access, File, Page, Redirect, Shown
from certdesk.web.console.passkeys import answered, options
from certdesk.web.console.troubles import Refused
from certdesk.web.console.visit import Visit

PATH = "/account/passkeys"
NEW = f"{PATH}/new"


def show(visit: Visit) -> Shown:
    """Show the passkeys."""
    return Shown("Your passkeys", passkeys=visit.run("ListPasskeys").passkeys)


def remove(visit: Visit) -> Redirect:
    """Remove a passkey."""
    done = visit.run("RemovePasskey", CredentialId=visit.form.text("CredentialId"))
    return Redirect(PATH, said="passkey-removed", session=done.session)


def show_new(visit: Visit) -> Shown:
    """Show the form for a new passkey.

    Raises:
        ProofNeeded: the person has to prove first who they are.
    """
    if visit.visitor.is_complete and not visit.visitor.has_proved:
        raise ProofNeeded
    if visit.run("ListWays").by_group:
        raise Refused(403, "You sign in with a provider only, so you have no passkeys here.")
    return Shown("A new passkey", template="new_passkey.html", onward=visit.onward)


def add(visit: Visit) -> Redirect:
    """Add the passkey that the browser has made."""
    is_first_step = not visit.visitor.is_complete
    done = visit.run("AddPasskey", **answered(visit), Name=visit.form.text("Name"))
    if is_first_step:
        return Redirect(visit.onward, session=done.session)
    return Redirect(PATH, said="passkey-added", session=done.session)


def begin(visit: Visit) -> File:
    """Tell the script what to ask the browser."""
    return options(visit, "BeginPasskey")


PAGES = (
    Page(PATH, show, remove, access=Access.PROVED),
    Page(NEW, show_new, add, access=Access.HALFWAY),
    Page(f"{NEW}/begin", show_new, begin, access=Access.HALFWAY),
)
