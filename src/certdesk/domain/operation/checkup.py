"""What a check-up of the desk found, and what to do about it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable


class Health(enum.StrEnum):
    """How a thing stands: `warn` is to be looked at some day, `fail` now."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclasses.dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was looked at: `what` was found, and the `remedy` where something is wrong."""

    check: str
    state: Health
    what: str
    remedy: str = ""


def good(check: str, what: str) -> Observation:
    """Tell of something that is as it should be."""
    return Observation(check, Health.OK, what)


def warning(check: str, what: str, remedy: str) -> Observation:
    """Tell of something that will have to be seen to."""
    return Observation(check, Health.WARN, what, remedy)


def failure(check: str, what: str, remedy: str) -> Observation:
    """Tell of something that is wrong now."""
    return Observation(check, Health.FAIL, what, remedy)


def worst(states: Iterable[Health]) -> Health:
    """Give the worst of some states, `ok` of none."""
    return max(states, key=list(Health).index, default=Health.OK)
