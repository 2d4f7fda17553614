"""Validation by file: every host of the name serves the agreed value, and nothing else.

Sources: the vendor's guide to validation by file; CA/Browser Forum Baseline Requirements 3.2.2.4.18
(agreed change to website).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from certdesk.domain.validation.challenge import FILE_PATH, Challenge, Finding, Verdict
from certdesk.domain.validation.redirects import Ports, Target
from certdesk.domain.values.addresses import Address, Network
from certdesk.domain.values.foreign_text import shown
from certdesk.domain.values.record import Record
from certdesk.ports import Clock
from certdesk.validation.connection_limiter import ConnectionLimiter
from certdesk.validation.fetch import Fetcher, HostRefused, NotFetched, Trail, Unusable
from certdesk.validation.resolver import Resolver
from certdesk.validation.transfer import Limits

_SCHEMES = ("http", "https")
_OF_OTHER_HOST = {
    Verdict.FILE_ABSENT: Verdict.OTHER_FILE_ABSENT,
    Verdict.FILE_DIFFERS: Verdict.OTHER_FILE_DIFFERS,
}


class _Sight(Record):
    """What was found at a host or one of its URLs; all but `proved_by` are as in `Finding`."""

    verdict: Verdict
    reason: str = ""
    seen: tuple[str, ...] = ()
    proved_by: str = ""
    answered: bool = True


class FileProof:
    """A `ports.Validator` by file.

    A check uses one connection at a time. The caller limits how many checks run at once, for an
    account and in all, and how often a name or domain is checked. `ConnectionLimiter` limits
    the connections to an address.
    """

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        *,
        ports: Ports,
        allowed: Iterable[Network] = (),
        limits: Limits | None = None,
        limiter: ConnectionLimiter,
    ) -> None:
        """Send nothing yet; `allowed` are networks that may be connected to although not public."""
        self._limits = limits or Limits()
        self._fetcher = Fetcher(
            resolver,
            ports=ports,
            allowed=allowed,
            limits=self._limits,
            limiter=limiter,
        )
        self._clock = clock

    def validate(self, challenge: Challenge) -> Finding:
        """Check the hosts of the challenge one after the other, all within the total time."""
        began_at = self._clock.now()
        trail = Trail(time.monotonic() + self._limits.total)
        schemes = _SCHEMES
        sights: list[_Sight] = []
        for host in challenge.hosts:
            sights.append(self._check_host(challenge, host, schemes, trail))
            if sights[-1].proved_by == "https":
                # If http is not answered at all, only the first host spends time on it.
                schemes = _SCHEMES[::-1]
        return Finding(
            verdict=_verdict(sights),
            reason=" ".join(sight.reason for sight in sights if sight.reason),
            seen=tuple(dict.fromkeys(text for sight in sights for text in sight.seen)),
            resolver=trail.resolver,
            secure=trail.secure,
            steps=tuple(trail.steps),
            answered=any(sight.answered for sight in sights),
            began_at=began_at,
            ended_at=self._clock.now(),
        )

    def _check_host(
        self, challenge: Challenge, host: str, schemes: Sequence[str], trail: Trail
    ) -> _Sight:
        """Check one host by the first scheme and, if that proves nothing, by the second.

        The first may take half of the time, so that there is always time for the second.
        """
        try:
            addresses = self._fetcher.addresses(host, trail)
        except HostRefused as refused:
            trail.steps.append(str(refused))
            return _Sight(Verdict.FILE_ABSENT, f"{refused}.", answered=refused.answered)
        path = f"{FILE_PATH}{challenge.record}"
        sights: list[_Sight] = []
        for turn, scheme in enumerate(schemes):
            target, part = Target(scheme, host, path), trail.part(len(schemes) - turn)
            sights.append(self._sight(target, addresses, challenge.value, part))
            if sights[-1].verdict is Verdict.PROVED:
                return sights[-1]
        return _together(sights, Target(_SCHEMES[0], host, path))

    def _sight(
        self, target: Target, addresses: Sequence[Address], value: str, trail: Trail
    ) -> _Sight:
        try:
            content = self._fetcher.fetch(target, addresses, trail)
        except NotFetched as failed:
            reason = f"by {target.scheme}: {failed}"
            return _Sight(Verdict.FILE_ABSENT, reason, answered=failed.answered)
        except Unusable as unusable:
            return _Sight(Verdict.FILE_DIFFERS, f"by {target.scheme}: {unusable}")
        # Only white space at the end may differ, since editors add it.
        if content.rstrip() == value.encode():
            return _Sight(Verdict.PROVED, seen=(value,), proved_by=target.scheme)
        reason = f"by {target.scheme}: the content is not the value"
        return _Sight(Verdict.FILE_DIFFERS, reason, shown([content]))


def _together(sights: Sequence[_Sight], target: Target) -> _Sight:
    """Combine the results of a host's URLs, none of which is a proof; `target` is the first."""
    found = "; ".join(sight.reason for sight in sights)
    seen = tuple(text for sight in sights for text in sight.seen)
    if any(sight.verdict is Verdict.FILE_DIFFERS for sight in sights):
        verdict = Verdict.FILE_DIFFERS
        advice = f"The file at {target.url} must contain only the value, as plain text."
    else:
        verdict = Verdict.FILE_ABSENT
        advice = f"Put the file at {target.url}, and answer everybody with status 200."
    answered = any(sight.answered for sight in sights)
    return _Sight(verdict, f"{target.host}: {found}. {advice}", seen, answered=answered)


def _verdict(sights: Sequence[_Sight]) -> Verdict:
    """Return the verdict of the name itself or, if that is proved, of its other host."""
    name, *others = (sight.verdict for sight in sights)
    if name is not Verdict.PROVED:
        return name
    return next((_OF_OTHER_HOST[other] for other in others if other is not name), name)
