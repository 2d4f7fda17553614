"""The two fields of a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certdesk.domain.errors import InvalidParam

if TYPE_CHECKING:
    from certdesk.web.console.forms import Form


def chosen_password(form: Form) -> str:
    """Return a new password that was typed twice.

    Raises:
        InvalidParam: it was typed in two ways.
    """
    password = form.raw("Password")
    if form.raw("Repeated") != password:
        raise InvalidParam("The two passwords differ. Type the same one twice.", subject="Repeated")
    return password
