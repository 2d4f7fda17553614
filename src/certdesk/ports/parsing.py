"""Slow parsers, which run where nothing of the desk waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
Found = TypeVar("Found")


class ParsersBusy(Exception):
    """The queue for parsers is full, or no parser can be run."""


class Parsers(Protocol):
    """Runs the functions of the domain that may take long to read their input."""

    def run(
        self,
        account: str,
        request_id: str,
        otherwise: Found,
        parser: Callable[P, Found],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Found:
        """Return what `parser` finds; `otherwise` if it takes too long, too much memory, or dies.

        One runs at a time for an account, and a fixed number in all.

        Raises:
            Pending: it runs, or waits its turn; ask again with the same request id.
            ParsersBusy: too much of the account waits already, or nothing can be run now.
        """
        ...
