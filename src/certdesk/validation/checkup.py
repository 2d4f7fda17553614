"""A check-up of the resolvers: whether they answer as they must."""

from __future__ import annotations

from collections.abc import Iterator

import dns.name
import dns.rdatatype

from certdesk.domain.operation.checkup import Observation, failure, good, warning
from certdesk.validation.exchange import Unanswered
from certdesk.validation.resolver import Resolver, check_deadline

CHECK = "resolver"
REMEDY = (
    "start it (systemctl start unbound), or name another in dns.resolvers; until one "
    "answers, the desk validates no name and issues nothing"
)


class ResolverCheckup:
    """A check-up that asks each resolver, as validation does, for the root's name servers."""

    def __init__(self, resolver: Resolver) -> None:
        """Check these resolvers."""
        self._resolver = resolver

    def examine(self) -> Iterator[Observation]:
        """Report on each resolver; it is a failure if none answers."""
        found = reasons(self._resolver)
        for server, reason in found.items():
            if not reason:
                yield good(CHECK, f"{server} answers{self._how()}")
            elif all(found.values()):
                yield failure(CHECK, f"{server}: {reason}", REMEDY)
            else:
                yield warning(
                    CHECK,
                    f"{server}: {reason}",
                    ("other resolvers answer; repair this one or remove it"),
                )
        if not self._resolver.checks:
            yield warning(
                CHECK,
                "DNSSEC signatures are not validated",
                "set dns.dnssec to validate: off is only for tests",
            )

    def _how(self) -> str:
        return " and checks DNSSEC signatures" if self._resolver.checks else ""


def reasons(resolver: Resolver) -> dict[str, str]:
    """Return for each server why its answer cannot be trusted, or "" if it can."""
    found: dict[str, str] = {}
    for server in dict.fromkeys(resolver.turns()):
        try:
            resolver.respond(server, dns.name.root, dns.rdatatype.NS, check_deadline())
        except Unanswered as unanswered:
            found[str(server)] = unanswered.reason
        else:
            found[str(server)] = ""
    return found
