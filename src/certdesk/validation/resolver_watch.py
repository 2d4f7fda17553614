"""Keeps an eye on the resolvers: which of them answer, and since when one does not."""

from __future__ import annotations

from collections.abc import Mapping

from certdesk.validation.checkup import reasons
from certdesk.validation.resolver import Resolver

IN_VAIN = 2
"""How many looks in a row a resolver has to miss: a single packet may get lost."""


class AnsweringResolvers:
    """`ports.Resolvers` of a `Resolver`."""

    def __init__(self, resolver: Resolver) -> None:
        """Believe of each that it answers, until it does not."""
        self._resolver = resolver
        self._missed = {str(server): 0 for server in dict.fromkeys(resolver.turns())}
        self._reasons: Mapping[str, str] = {}

    def look(self) -> None:
        """Ask each of them once; see `ports.Resolvers`."""
        self._reasons = reasons(self._resolver)
        for server, reason in self._reasons.items():
            self._missed[server] = self._missed[server] + 1 if reason else 0

    def silent(self) -> Mapping[str, str]:
        """Return those that did not answer; see `ports.Resolvers`."""
        return {
            server: self._reasons[server]
            for server, missed in self._missed.items()
            if missed >= IN_VAIN
        }

    def answering(self) -> Mapping[str, bool]:
        """Return each of them; see `ports.Resolvers`."""
        return {server: missed < IN_VAIN for server, missed in self._missed.items()}
