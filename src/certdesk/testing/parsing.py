"""Parsers that run at once in the same process, for tests that use their results."""

from __future__ import annotations

from collections.abc import Callable

from certdesk.ports import ParsersBusy
from certdesk.ports.parsing import Found, P


class InlineParsers:
    """A `ports.Parsers` without waiting; while `busy` it accepts no work."""

    def __init__(self) -> None:
        """Begin without work."""
        self.busy = False

    def run(
        self,
        account: str,
        request_id: str,
        otherwise: Found,
        parser: Callable[P, Found],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Found:
        """Return what the parser finds."""
        del account, request_id, otherwise
        if self.busy:
            raise ParsersBusy
        return parser(*arguments, **named)
