"""Validation by a DNS record, TXT or CNAME (Baseline Requirements 3.2.2.4.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import dns.rdata
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.TXT

from certdesk.domain.validation.challenge import Challenge, Finding, ProofKind, Verdict
from certdesk.domain.values.foreign_text import printable_text, shown
from certdesk.domain.values.record import Record
from certdesk.ports import Clock
from certdesk.validation.exchange import Unanswered
from certdesk.validation.resolver import Answer, Resolver, check_deadline

STRINGS = 64


class _Way(Record, gc=True):
    """The differences between the two kinds of record."""

    absent: Verdict
    differs: Verdict
    unanswered: Verdict
    normal: Callable[[bytes], bytes]

    def holds(self, wanted: str, values: Iterable[bytes]) -> bool:
        """Return whether one of the values is the wanted one."""
        return self.normal(wanted.encode("utf-8")) in map(self.normal, values)


_WAYS = {
    ProofKind.TXT: _Way(
        Verdict.TXT_ABSENT, Verdict.TXT_DIFFERS, Verdict.TXT_UNANSWERED, lambda value: value
    ),
    # Host names are compared without case, and the final dot does not count.
    ProofKind.CNAME: _Way(
        Verdict.CNAME_ABSENT,
        Verdict.CNAME_DIFFERS,
        Verdict.CNAME_UNANSWERED,
        lambda value: value.lower().removesuffix(b"."),
    ),
}


class DnsProof:
    """A `ports.Validator` of TXT and CNAME records."""

    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        """Ask `resolver`; the evidence has times of `clock`."""
        self._resolver = resolver
        self._clock = clock

    def validate(self, challenge: Challenge) -> Finding:
        """Look for the challenge's record, within 20 seconds.

        A TXT record is a proof if its joined strings equal the value to the byte; other records at
        the name do not matter. A CNAME record is a proof if its target is the value, even if that
        name does not exist.
        """
        way, kind = _WAYS[challenge.kind], challenge.kind.value
        began, deadline = self._clock.now(), check_deadline()
        try:
            answer = self._resolver.ask(challenge.record, kind, deadline)
        except Unanswered as failure:
            return Finding(
                verdict=way.unanswered,
                reason=(
                    f"{kind} records of {challenge.record} cannot be read: {failure.reason}. The "
                    "desk checks again by itself."
                ),
                resolver=failure.server,
                steps=failure.steps,
                answered=False,
                began_at=began,
                ended_at=self._clock.now(),
            )
        values = _values(answer)
        verdict, reason = _judged(challenge, answer, values, way)
        steps = answer.steps
        if verdict is way.absent:
            hint, more = self._zone_twice(challenge, way, deadline)
            reason, steps = reason + hint, steps + more
        return Finding(
            verdict=verdict,
            reason=reason,
            seen=shown(values),
            resolver=answer.server,
            secure=answer.secure,
            steps=steps,
            began_at=began,
            ended_at=self._clock.now(),
        )

    def _zone_twice(
        self, challenge: Challenge, way: _Way, deadline: float
    ) -> tuple[str, tuple[str, ...]]:
        """Report a record that was published at the name with the zone appended twice.

        Many consoles append the zone to what is typed in.
        """
        wrong = f"{challenge.record}.{challenge.zone}"
        try:
            answer = self._resolver.ask(wrong, challenge.kind.value, deadline)
        except Unanswered as failure:
            return "", failure.steps
        if not way.holds(challenge.value, _values(answer)):
            return "", answer.steps
        hint = (
            f" It is at {wrong}, which contains {challenge.zone} twice. As the record's "
            f"name, use {challenge.label} alone."
        )
        return hint, answer.steps


def _values(answer: Answer) -> tuple[bytes, ...]:
    return tuple(map(_value, answer.records))


def _value(record: dns.rdata.Rdata) -> bytes:
    """Return the joined strings of a TXT record, or the target of a CNAME in lower case.

    The target's own case may be lost: by compression, it may share the question's mixed case.
    """
    if isinstance(record, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(record.strings)
    target = cast("dns.rdtypes.ANY.CNAME.CNAME", record).target
    return target.canonicalize().to_text(omit_final_dot=True).encode("ascii")


def _judged(
    challenge: Challenge, answer: Answer, values: tuple[bytes, ...], way: _Way
) -> tuple[Verdict, str]:
    kind, wanted = challenge.kind.value, challenge.value
    wish = _wish(challenge, answer)
    if not values:
        return way.absent, f"{kind.lower()} record not found. {wish}"
    strings = sum(len(getattr(record, "strings", ())) for record in answer.records)
    if strings > STRINGS:
        return way.differs, (
            f"{challenge.record} has {strings} TXT strings, and the desk reads at most "
            f"{STRINGS}. Remove the records that are no longer needed."
        )
    if way.holds(wanted, values):
        return Verdict.PROVED, ""
    if way.holds(wanted, (value.strip(b" \t\r\n\"'") for value in values)):
        return way.differs, (
            f"The {kind} record of {challenge.record} has blanks or quotation marks around the "
            "value. Enter the value without them."
        )
    others = (
        "The record there has another value."
        if len(values) == 1
        else ("The records there have other values.")
    )
    return way.differs, f"{others} {wish}"


def _wish(challenge: Challenge, answer: Answer) -> str:
    led = f", which leads to {printable_text(answer.chain[-1])}," if answer.chain else ""
    return (
        f"Publish a {challenge.kind.value} record at {challenge.record}{led} with the value "
        f"{challenge.value}."
    )
