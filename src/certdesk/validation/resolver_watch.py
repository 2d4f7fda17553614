"""A watch over the resolvers: which of them answer."""

from __future__ import annotations

from collections.abc import Mapping

from certdesk.validation.checkup import reasons
from certdesk.validation.resolver import Resolver

IN_VAIN = 2
"""How many checks in a row a resolver must miss, since a single packet may get lost."""


class AnsweringResolvers:
    """The `ports.Resolvers` of a `Resolver`."""

    def __init__(self, resolver: Resolver) -> None:
        """Assume at first that each one answers."""
        self._resolver = resolver
        self._missed = {str(server): 0 for server in dict.fromkeys(resolver.turns())}
        self._reasons: Mapping[str, str] = {}

    def check(self) -> None:
        """Ask each resolver once; see `ports.Resolvers`."""
        self._reasons = reasons(self._resolver)
        for server, reason in self._reasons.items():
            self._missed[server] = self._missed[server] + 1 if reason else 0

    def silent(self) -> Mapping[str, str]:
        """Return the resolvers that do not answer; see `ports.Resolvers`."""
        return {
            server: self._reasons[server]
            for server, missed in self._missed.items()
            if missed >= IN_VAIN
        }

    def answering(self) -> Mapping[str, bool]:
        """Return whether each resolver answers; see `ports.Resolvers`."""
        return {server: missed < IN_VAIN for server, missed in self._missed.items()}
