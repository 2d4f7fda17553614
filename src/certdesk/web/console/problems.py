"""A refusal of an action in the words of a page, beside the field that it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from certdesk.domain.errors import (
    NOT_THERE,
    InternalError,
    MissingParameter,
    ServiceError,
    UnauthorizedOperation,
)
from certdesk.web.console.troubles import Refused

if TYPE_CHECKING:
    from certdesk.web.console.forms import Form

_WORD = re.compile(r"[A-Z][A-Za-z]+")
"""A word that may be the name of a parameter, and so of a field."""


def problems_of(error: ServiceError, form: Form, field: str = "") -> dict[str, str]:
    """Return what is wrong by the field's name; "" stands for the form as a whole.

    Fields have the names of the parameters that they become, which messages name. `field` is that
    of a message that names none.
    """
    subjects = (error.subject,) if isinstance(error.subject, str) else error.subject
    words = [*subjects, *_WORD.findall(error.message)]
    names = [word for word in words if form.has(word) or form.files(word)]
    if isinstance(error, MissingParameter):
        return dict.fromkeys(names or [field], "Something is missing here.")
    return {names[0] if names else field: error.detail or error.message}


def refused(error: ServiceError) -> Refused:
    """Return the page in place of one that cannot be shown."""
    if isinstance(error, UnauthorizedOperation):
        return Refused(403, error.detail)
    if isinstance(error, InternalError):
        return Refused(500)
    if isinstance(error, NOT_THERE):
        return Refused(404)
    return Refused(400, error.detail or error.message)
