"""The check of CAA records in DNS: whether they let this desk issue for a name (RFC 8659, 3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import cast

import dns.rdata
import dns.rdtypes.ANY.CAA

from certdesk.domain.validation.caa import CaaIdentity, CaaRecord, WantedIssuance, refusal
from certdesk.domain.validation.challenge import CaaFinding, ProofKind
from certdesk.domain.values.foreign_text import shown
from certdesk.domain.values.names import DomainName
from certdesk.ports import Clock
from certdesk.validation.exchange import Unanswered
from certdesk.validation.resolver import Answer, Resolver, check_deadline


class Caa:
    """A `ports.CaaChecker` that asks DNS.

    A failed look-up always refuses. The Baseline Requirements would permit issuance after some
    failures (3.2.2.8: a retried look-up in a zone that is provably not signed); this class does
    not.
    """

    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        """Ask `resolver`."""
        self._resolver = resolver
        self._clock = clock

    def check(self, name: DomainName, kind: ProofKind, identity: CaaIdentity) -> CaaFinding:
        """Climb from the name to the first parent that has CAA records, and check those.

        A CNAME record on the way is followed for its own name only; the parents of its target are
        not asked.
        """
        began, deadline = self._clock.now(), check_deadline()
        answers: list[Answer] = []
        try:
            found_at, records = self._climb(name.base, deadline, answers)
        except Unanswered as failure:
            return CaaFinding(
                permitted=False,
                reason=(
                    f"The CAA records that apply to {name.ascii} cannot be read: "
                    f"{failure.reason}. The desk issues nothing until they can be read."
                ),
                resolver=failure.server,
                steps=_steps(answers) + failure.steps,
                answered=False,
                began_at=began,
                ended_at=self._clock.now(),
            )
        issuance = WantedIssuance(identity, kind, name.wildcard)
        why = refusal(records, issuance)
        return CaaFinding(
            permitted=why is None,
            reason="" if why is None else _advice(name, found_at, why, identity),
            found_at=found_at,
            records=shown(str(record).encode() for record in records),
            resolver=answers[-1].server,
            secure=_secure(answers),
            steps=_steps(answers),
            began_at=began,
            ended_at=self._clock.now(),
        )

    def _climb(
        self, base: str, deadline: float, answers: list[Answer]
    ) -> tuple[str | None, tuple[CaaRecord, ...]]:
        """Return the first name with CAA records, and these; add to `answers`.

        Names above are asked for before it is known that there are none below.
        """
        names = list(_upwards(base))
        asked = self._resolver.ask_each([(name, "CAA") for name in names], deadline)
        with contextlib.closing(asked):
            for name, answer in zip(names, asked, strict=True):
                answers.append(answer)
                if answer.records:
                    return name, tuple(map(_record, answer.records))
        return None, ()


class CaaUnchecked:
    """A `ports.CaaChecker` for a desk that is set not to ask: it permits, and says why."""

    def __init__(self, clock: Clock) -> None:
        """Take times from `clock`."""
        self._clock = clock

    def check(self, name: DomainName, kind: ProofKind, _: CaaIdentity) -> CaaFinding:
        """Permit the name."""
        now = self._clock.now()
        return CaaFinding(
            permitted=True,
            reason="",
            steps=(f"CAA records of {name.ascii} ({kind}) were not checked: caa.check is off",),
            began_at=now,
            ended_at=now,
        )


def _advice(name: DomainName, found_at: str | None, why: str, identity: CaaIdentity) -> str:
    text = f"The CAA records of {found_at} do not let this desk issue for {name.ascii}: {why}."
    if not identity.domains:
        return f"{text} The desk has no identity for CAA (setting caa.identities)."
    tag = "issuewild" if name.wildcard else "issue"
    mine = " or ".join(sorted(identity.domains))
    return f'{text} This record allows it: 0 {tag} "{mine}".'


def _upwards(base: str) -> Iterator[str]:
    """Yield a name, its parent, and so on up to the top-level domain."""
    labels = base.split(".")
    for first in range(len(labels)):
        yield ".".join(labels[first:])


def _record(record: dns.rdata.Rdata) -> CaaRecord:
    caa = cast("dns.rdtypes.ANY.CAA.CAA", record)
    return CaaRecord(caa.flags, caa.tag.decode("ascii").lower(), caa.value)


def _secure(answers: Iterable[Answer]) -> bool | None:
    """Return whether every answer was signed and checked; None if signatures are not checked."""
    each = [answer.secure for answer in answers]
    return None if None in each else all(each)


def _steps(answers: Iterable[Answer]) -> tuple[str, ...]:
    return tuple(step for answer in answers for step in answer.steps)
