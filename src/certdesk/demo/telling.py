"""The output of a step, and its checks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from rich.console import RenderableType
from rich.text import Text

from certdesk.demo.stage import StepFailed


@dataclasses.dataclass(frozen=True)
class Waiting:
    """What a step waits for; shown until the step's next output."""

    text: str


Said: TypeAlias = Iterator[RenderableType | Waiting]


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail the step unless a condition holds."""
    if not holds:
        raise StepFailed(otherwise)


def expect_equal(what: str, found: object, wanted: object) -> None:
    """Fail the step unless a value is as it should be."""
    expect(found == wanted, f"{what} is {found!r}, but should be {wanted!r}")


def reason(error: Exception) -> str:
    """Return the message of the error that ended a step."""
    return str(error) if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"


def typed(command: str) -> Text:
    """Return the display of a command."""
    return Text(f"$ {command}", "cyan")


def asked(action: str, parameters: dict[str, Any], more: str = "") -> Text:
    """Return the display of an SDK call."""
    return Text(f"> {action} {json.dumps(parameters)} {more}".rstrip(), "cyan")


def told(text: str, style: str = "") -> Text:
    """Return the display of a result."""
    return Text(text, style)
