"""What a check-up of the desk found, and what to do about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from certdesk.domain.values.record import Record


class Health(enum.StrEnum):
    """The health of a thing: `warn` needs attention some day, `fail` now."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Observation(Record):
    """The result of one check: `what` was found, and the `remedy` if something is wrong."""

    check: str
    state: Health
    what: str
    remedy: str = ""


def good(check: str, what: str) -> Observation:
    """Return an observation that all is well."""
    return Observation(check, Health.OK, what)


def warning(check: str, what: str, remedy: str) -> Observation:
    """Return an observation that will need attention."""
    return Observation(check, Health.WARN, what, remedy)


def failure(check: str, what: str, remedy: str) -> Observation:
    """Return an observation that something is wrong now."""
    return Observation(check, Health.FAIL, what, remedy)


def worst(states: Iterable[Health]) -> Health:
    """Return the worst of some states, `ok` if there are none."""
    return max(states, key=list(Health).index, default=Health.OK)
