"""Counts all looks at other people's servers."""

from __future__ import annotations

from certdesk.domain.operation.figures import Counted
from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import CaaFinding, Challenge, Finding, ProofKind, Verdict
from certdesk.domain.validation.look_pace import CAA
from certdesk.domain.values.names import DomainName
from certdesk.ports import CaaChecker, Counts, Validator


class CountedProver:
    """`ports.Validator` that has another one look, and counts what came of it."""

    def __init__(self, prover: Validator, counts: Counts) -> None:
        """Look by `prover`."""
        self._prover = prover
        self._counts = counts

    def look(self, challenge: Challenge) -> Finding:
        """Look for the challenge."""
        found = self._prover.look(challenge)
        good = found.verdict is Verdict.PROVED
        self._counts.count(Counted.LOOKS, kind=challenge.kind, result=_result(found, good=good))
        return found


class CountedCaa:
    """`ports.CaaChecker` that has another one look, and counts what came of it."""

    def __init__(self, checker: CaaChecker, counts: Counts) -> None:
        """Look by `checker`."""
        self._checker = checker
        self._counts = counts

    def look(self, name: DomainName, kind: ProofKind, identity: CaaIdentity) -> CaaFinding:
        """Look for the CAA records of a name."""
        found = self._checker.look(name, kind, identity)
        result = _result(found, good=found.permitted)
        self._counts.count(Counted.LOOKS, kind=CAA, result=result)
        return found


def _result(found: Finding | CaaFinding, *, good: bool) -> str:
    if good:
        return "good"
    return "bad" if found.answered else "unanswered"
