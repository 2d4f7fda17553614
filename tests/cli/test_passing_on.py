"""Commands that only pass on: each asks for an action that there is, in the words of its type."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from certdesk.bootstrap import actions
from certdesk.cli import passing_on
from certdesk.wire import operator
from certdesk.wire.model import Hidden, Request

HEAVY = ("asyncio", "certdesk.engine", "cryptography", "rich", "sqlalchemy", "structlog")
"""What a command that asks a running desk does not wait for."""


def requests() -> Iterator[type[Request]]:
    """Yield the request types of which commands are made."""
    for found in pkgutil.iter_modules(operator.__path__, f"{operator.__name__}."):
        module = importlib.import_module(found.name)
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == found.name:
                yield kind


@pytest.mark.parametrize("request_type", list(requests()), ids=lambda kind: kind.__name__)
def test_a_request_of_a_command_is_that_of_the_action_it_names(request_type: type[Request]) -> None:
    """Otherwise the command would ask for nothing that there is, or for something else."""
    action = actions().find(request_type.__name__.removesuffix("Request"), internal=True)
    assert action is not None
    assert action.request is request_type


class TellNumberRequest(Request):
    """Tell the number of a person."""

    number: Hidden


def test_no_command_takes_what_nobody_else_may_see() -> None:
    """Everybody on the machine sees the words of a command."""
    with pytest.raises(TypeError, match="others can see a command line"):
        passing_on.pass_on(click.Group("person"), "tell", TellNumberRequest)


def test_a_command_does_not_load_the_desk() -> None:
    """It would take three times as long, most of all to say its help."""
    program = f"import sys, certdesk.cli.users; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
