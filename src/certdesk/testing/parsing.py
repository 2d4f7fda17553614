"""Parsers that run at once and in the same process, for tests of what is done with their finds."""

from __future__ import annotations

from collections.abc import Callable

from certdesk.ports import ParsersBusy
from certdesk.ports.parsing import Found, P


class HereParsers:
    """`ports.Parsers` that makes nobody wait; one that is `busy` takes nothing."""

    def __init__(self) -> None:
        """Have nothing in hand."""
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
