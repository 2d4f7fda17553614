"""The rate limiter of checks by registrable domain, across all accounts and desks on a database.

How often a domain was checked is stored in the database, so several desks share one limit and a
restart does not reset it. Each order that has to wait gets a different time at which there should
be room, so that they do not all come back at once.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from certdesk.domain.rules import Rules
from certdesk.domain.validation.rate_limit import LONGEST_DEBT, Granted, ValidationRateLimit
from certdesk.domain.validation.records import ValidationBucket
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.record import Record
from certdesk.ports import Clock, Stale, Store, Taken, Unit

ATTEMPTS = 5
"""How often to try to count checks while other desks count at the same time."""

OVERTAKEN = timedelta(seconds=1)
"""How long to wait after the last of these attempts."""

MOST_LINES = 1000
"""Lines that are stored before the ones in which nobody waits are removed."""


class Admitted(Record):
    """The names that may be checked now, and when to ask again for the others, if any."""

    names: tuple[str, ...]
    again_at: datetime | None


class ValidationRateLimiter:
    """Admits checks, by account and name; safe to use from several threads."""

    def __init__(self, store: Store, clock: Clock, rules: Rules) -> None:
        """Allow `rules.checks_per_domain` checks a minute of each kind; 0 means no limit.

        Names under the operator's own internal suffixes are not counted.
        """
        self._store = store
        self._clock = clock
        per_minute = rules.checks_per_domain
        self._limit = ValidationRateLimit(per_minute) if per_minute else None
        self._internal = tuple(f".{suffix}" for suffix in rules.internal_suffixes)
        self._change = threading.Lock()
        self._lines: dict[tuple[str, str], dict[str, datetime]] = {}

    def take(self, uin: str, kind: str, names: Sequence[str], *, in_line: bool) -> Admitted:
        """Count as many checks of names for an account as there is room for, and let them begin.

        If none may begin, the account gets a place in line if `in_line`: the caller will ask again.
        """
        wanted = self._by_domain(names)
        if self._limit is None or not wanted:
            return Admitted(tuple(names), None)
        now = self._clock.now()
        granted = self._counted(self._limit, uin, kind, wanted, now)
        late: dict[str, datetime] = {}
        held_back: set[str] = set()
        for domain, its in wanted.items():
            given = granted.get(domain)
            checks, again_at = (given.checks, given.again_at) if given else (0, now + OVERTAKEN)
            held_back.update(its[checks:])
            if checks < len(its):
                late[domain] = again_at
        begun = tuple(name for name in names if name not in held_back)
        if in_line and not begun:
            late = {domain: self._turn((domain, kind), uin, at) for domain, at in late.items()}
        return Admitted(begun, min(late.values(), default=None))

    def unanswered(self, uin: str, kind: str, name: str) -> None:
        """Count a check that got no answer as several."""
        limit, now = self._limit, self._clock.now()
        if limit is None:
            return
        for domain in self._by_domain([name]):
            # Other desks are counting checks of the domain; one check more or less is harmless.
            with contextlib.suppress(Stale, Taken):
                self._store.write(functools.partial(_charge, limit, uin, kind, domain, now))

    def _by_domain(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Group the names that are counted by registrable domain."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        counted = [name for name in names if not f".{name}".endswith(self._internal)]
        # The first look at a name reads the list of suffixes: once, and not in each thread.
        with self._change:
            for name in counted:
                found[DomainName(name).delegated].append(name)
        return dict(sorted(found.items()))

    def _counted(
        self,
        limit: ValidationRateLimit,
        uin: str,
        kind: str,
        wanted: Mapping[str, Sequence[str]],
        now: datetime,
    ) -> dict[str, Granted]:
        """Return what was granted for each domain; empty if other desks were first each time."""
        for _ in range(ATTEMPTS):
            with contextlib.suppress(Stale, Taken):
                return self._store.write(functools.partial(_count, limit, uin, kind, wanted, now))
        return {}

    def _turn(self, line: tuple[str, str], uin: str, again_at: datetime) -> datetime:
        """Return the account's next place in a domain's line, in which accounts take turns."""
        assert self._limit is not None  # noqa: S101 -- nobody waits without a limit
        now = self._clock.now()
        with self._change:
            if len(self._lines) > MOST_LINES:
                self._lines = {key: its for key, its in self._lines.items() if _later(its, now)}
            waiting = self._lines[line] = _later(self._lines.get(line, {}), now)
            if uin in waiting:
                places = len(waiting) * self._limit.interval
                again_at = max(again_at, min(waiting[uin] + places, now + LONGEST_DEBT))
            waiting[uin] = again_at
        return again_at


def _later(line: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
    return {uin: at for uin, at in line.items() if at > now}


def _count(
    limit: ValidationRateLimit,
    uin: str,
    kind: str,
    wanted: Mapping[str, Sequence[str]],
    now: datetime,
    unit: Unit,
) -> dict[str, Granted]:
    granted: dict[str, Granted] = {}
    for domain, names in wanted.items():
        stored = unit.look_paces.get(domain, kind)
        bucket = stored or _unused(domain, kind, now)
        granted[domain] = limit.take(bucket, uin, len(names), now)
        # If the clock was set back, counting starts again.
        if granted[domain].checks or granted[domain].bucket.even_at < bucket.even_at:
            _keep(unit, stored, granted[domain].bucket)
    return granted


def _charge(
    limit: ValidationRateLimit, uin: str, kind: str, domain: str, now: datetime, unit: Unit
) -> None:
    stored = unit.look_paces.get(domain, kind)
    _keep(unit, stored, limit.unanswered(stored or _unused(domain, kind, now), uin, now))


def _unused(domain: str, kind: str, now: datetime) -> ValidationBucket:
    return ValidationBucket(domain=domain, kind=kind, even_at=now)


def _keep(unit: Unit, stored: ValidationBucket | None, bucket: ValidationBucket) -> None:
    if stored is None:
        unit.look_paces.add(bucket)
    else:
        unit.look_paces.replace(bucket)
