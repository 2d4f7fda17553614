"""Metrics of validation: every check of other people's servers is counted."""

from __future__ import annotations

from certdesk.domain.operation.figures import Counted
from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import CaaFinding, Challenge, Finding, ProofKind, Verdict
from certdesk.domain.validation.rate_limit import CAA
from certdesk.domain.values.names import DomainName
from certdesk.ports import CaaChecker, Counts, Validator


class CountedValidator:
    """A `ports.Validator` that calls another one and counts its results."""

    def __init__(self, validator: Validator, counts: Counts) -> None:
        """Call `validator`."""
        self._validator = validator
        self._counts = counts

    def validate(self, challenge: Challenge) -> Finding:
        """Check the challenge."""
        found = self._validator.validate(challenge)
        good = found.verdict is Verdict.PROVED
        self._counts.count(Counted.CHECKS, kind=challenge.kind, result=_result(found, good=good))
        return found


class CountedCaa:
    """A `ports.CaaChecker` that calls another one and counts its results."""

    def __init__(self, checker: CaaChecker, counts: Counts) -> None:
        """Call `checker`."""
        self._checker = checker
        self._counts = counts

    def check(self, name: DomainName, kind: ProofKind, identity: CaaIdentity) -> CaaFinding:
        """Check the CAA records of a name."""
        found = self._checker.check(name, kind, identity)
        result = _result(found, good=found.permitted)
        self._counts.count(Counted.CHECKS, kind=CAA, result=result)
        return found


def _result(found: Finding | CaaFinding, *, good: bool) -> str:
    if good:
        return "good"
    return "bad" if found.answered else "unanswered"
