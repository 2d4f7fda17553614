"""The pages of the console: one module each, with its template beside it."""

from certdesk.web.console.page import Page
from certdesk.web.console.pages import (
    account,
    again,
    authenticator,
    decisions,
    home,
    invitation,
    password,
    questions,
    recovery_codes,
    review,
    reviews,
    second_step,
    sign_in,
    sign_out,
)

PAGES: tuple[Page, ...] = (
    home.PAGE,
    reviews.PAGE,
    *review.PAGES,
    *decisions.PAGES,
    *questions.PAGES,
    sign_in.PAGE,
    second_step.PAGE,
    invitation.PAGE,
    again.PAGE,
    account.PAGE,
    password.PAGE,
    authenticator.PAGE,
    recovery_codes.PAGE,
    sign_out.PAGE,
)
"""In the order of the navigation."""
