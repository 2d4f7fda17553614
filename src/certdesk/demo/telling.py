"""What a step says, and what it insists on."""

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
    """Said while a step waits: what for, to be shown until it says something else."""

    text: str


Said: TypeAlias = Iterator[RenderableType | Waiting]


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail the step unless something holds."""
    if not holds:
        raise StepFailed(otherwise)


def expect_equal(what: str, found: object, wanted: object) -> None:
    """Fail the step unless a value is as it should be."""
    expect(found == wanted, f"{what} is {found!r}, and should be {wanted!r}")


def reason(error: Exception) -> str:
    """Word what ended a step."""
    return str(error) if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"


def typed(command: str) -> Text:
    """Show a command."""
    return Text(f"$ {command}", "cyan")


def asked(action: str, parameters: dict[str, Any], more: str = "") -> Text:
    """Show a call of the SDK."""
    return Text(f"> {action} {json.dumps(parameters)} {more}".rstrip(), "cyan")


def told(text: str, style: str = "") -> Text:
    """Show what came of it."""
    return Text(text, style)
