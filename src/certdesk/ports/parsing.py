"""Parsers that take long: they run where nothing of the desk waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
Found = TypeVar("Found")


class ParsersBusy(Exception):
    """So much is being parsed that this would have to wait too long, or no parser can be run."""


class Parsers(Protocol):
    """Runs those functions of the domain that read what may take long to read."""

    def run(
        self,
        account: str,
        request_id: str,
        otherwise: Found,
        parser: Callable[P, Found],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Found:
        """Give what `parser` finds; `otherwise` where it takes too long, too much memory, or dies.

        One runs at a time for an account, and a fixed number in all.

        Raises:
            Pending: it runs, or waits its turn; ask again with the same request id.
            ParsersBusy: too much of the account waits already, or nothing can be run now.
        """
        ...
