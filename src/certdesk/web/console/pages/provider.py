"""Signing in with a provider of OpenID Connect: the way there, and the way back."""

from __future__ import annotations

from certdesk.domain.errors import SignInRefused
from certdesk.web.console.page import Access, Page, Redirect, Shown
from certdesk.web.console.pages import sign_in
from certdesk.web.console.visit import Visit

PATH = "/sign-in/with/{provider}"


def show(visit: Visit) -> Redirect:
    """Send to the page that has the button: only a form begins a sign-in."""
    return Redirect(visit.towards(sign_in.PATH))


def begin(visit: Visit) -> Shown:
    """Send the browser to the provider.

    It goes there by itself, or by a link: the policy of pages forbids forms to lead elsewhere.
    """
    try:
        begun = visit.run(
            "BeginProviderSignIn",
            Provider=visit.value("provider"),
            Origin=visit.asked.origin.text,
            Visitor=visit.asked.cookie,
            Network=visit.asked.network,
            Invitation=visit.form.raw("Invitation"),
            PersonId=visit.form.text("PersonId"),
            Onward=visit.onward,
        )
    except SignInRefused as refused:
        return _refused(refused)
    return Shown("On to the sign-in", address=begun.address)


def come_back(visit: Visit) -> Shown | Redirect:
    """Sign in with what the provider gave the browser."""
    try:
        done = visit.run(
            "SignInWithProvider",
            Provider=visit.value("provider"),
            Origin=visit.asked.origin.text,
            Visitor=visit.asked.cookie,
            State=visit.query.raw("state"),
            Code=visit.query.raw("code"),
            Issuer=visit.query.raw("iss"),
            Error=visit.query.raw("error"),
            Agent=visit.agent,
        )
    except SignInRefused as refused:
        return _refused(refused)
    return Redirect(done.onward or "/", session=done.session)


def _refused(refused: SignInRefused) -> Shown:
    return Shown(
        "You are not signed in", status=403, template="not_signed_in.html", text=refused.detail
    )


PAGES = (
    Page(PATH, show, begin, access=Access.EVERYBODY, asks_provider=True),
    Page(f"{PATH}/back", come_back, access=Access.EVERYBODY, asks_provider=True),
)
