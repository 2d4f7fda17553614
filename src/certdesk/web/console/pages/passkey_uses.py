"""Signing in with a passkey, and proving again who one is with one."""

from __future__ import annotations

from certdesk.web.console.page import Access, File, Page, Redirect
from certdesk.web.console.pages import again, second_step, sign_in
from certdesk.web.console.passkeys import answered, options
from certdesk.web.console.visit import Visit


def begin_sign_in(visit: Visit) -> File:
    """Tell the script what to ask the browser, so that a person signs in."""
    return options(visit, "BeginPasskeySignIn")


def use_to_sign_in(visit: Visit) -> Redirect:
    """Sign in; the form is shown again if the passkey is not accepted."""
    done = visit.run("SignInWithPasskey", **answered(visit), Agent=visit.agent)
    return Redirect(visit.onward, session=done.session)


def begin_proof(visit: Visit) -> File:
    """Tell the script what to ask the browser, so that a person proves who they are."""
    return options(visit, "BeginPasskeyProof")


def use_to_prove(visit: Visit) -> Redirect:
    """Prove who one is, as the second step or again."""
    done = visit.run("ProveWithPasskey", **answered(visit))
    return Redirect(visit.onward, session=done.session)


PAGES = (
    Page("/sign-in/passkey", sign_in.show, use_to_sign_in, access=Access.EVERYBODY),
    Page("/sign-in/passkey/begin", sign_in.show, begin_sign_in, access=Access.EVERYBODY),
    Page("/second-step/passkey", second_step.show, use_to_prove, access=Access.HALFWAY),
    Page("/second-step/passkey/begin", second_step.show, begin_proof, access=Access.HALFWAY),
    Page("/again/passkey", again.show, use_to_prove),
    Page("/again/passkey/begin", again.show, begin_proof),
)
