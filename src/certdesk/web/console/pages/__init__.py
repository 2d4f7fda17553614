"""The pages of the console: one module each, with its template beside it."""

from certdesk.web.console.page import Page
from certdesk.web.console.pages import (
    account,
    again,
    audit,
    authenticator,
    decisions,
    home,
    invitation,
    passkey_uses,
    passkeys,
    password,
    people,
    person,
    provider,
    questions,
    recovery_codes,
    review,
    reviews,
    second_step,
    sign_in,
    sign_out,
)

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    reviews.PAGE,
    *review.PAGES,
    *decisions.PAGES,
    *questions.PAGES,
    *audit.PAGES,
    *people.PAGES,
    *person.PAGES,
    sign_in.PAGE,
    second_step.PAGE,
    invitation.PAGE,
    *provider.PAGES,
    *passkey_uses.PAGES,
    again.PAGE,
    account.PAGE,
    *passkeys.PAGES,
    password.PAGE,
    authenticator.PAGE,
    recovery_codes.PAGE,
    sign_out.PAGE,
)
"""In the order of the navigation."""
