"""The rate limit on checks of the names of one registrable domain.

The owner of a domain did not ask for what others order. So checks are counted by registrable domain
over all accounts and orders. A minute's checks may come at once; after that they come evenly. A
third of them is reserved for accounts that made few checks of the domain in the last minute, so
that somebody who orders a stranger's names does not hold up the stranger.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.domain.validation.records import ValidationBucket
from certdesk.domain.values.record import Record, replace

MINUTE = timedelta(minutes=1)
LONGEST_DEBT = timedelta(minutes=10)
"""The longest time that a domain waits, however many checks were counted."""

KEPT_BACK = 3
"""One part in this many of a minute's checks is reserved for accounts that made few."""

SHARE = 6
"""An account made few checks if it had less than one part in this many of a minute's."""

UNANSWERED = 10
"""A check that nobody answers counts as this many."""

PROOF, CAA = "PROOF", "CAA"
"""The kinds of checks, which are counted separately."""


class Granted(Record):
    """How many checks may begin now, the domain's count after them, and when the next may begin."""

    checks: int
    bucket: ValidationBucket
    again_at: datetime


class ValidationRateLimit(Record):
    """The limit for one kind of check, a minute and registrable domain."""

    per_minute: int

    @property
    def interval(self) -> timedelta:
        """The time after which one more check may begin."""
        return MINUTE / self.per_minute

    @property
    def own(self) -> int:
        """The checks a minute up to which an account counts as one that made few."""
        return max(1, self.per_minute // SHARE)

    def take(self, bucket: ValidationBucket, uin: str, wanted: int, now: datetime) -> Granted:
        """Return how many of the checks that an account wants may begin now, and count them."""
        used = _debt(bucket.even_at, now) / self.interval
        own_used = _debt(_shares(bucket).get(uin, now), now) / (MINUTE / self.own)
        checks = 0
        while checks < wanted and used + checks + 1 <= self._room(own_used + checks):
            checks += 1
        after = self.charge(bucket, uin, checks, now)
        return Granted(checks, after, max(now, self._again_at(after, uin, now)))

    def charge(
        self, bucket: ValidationBucket, uin: str, checks: int, now: datetime
    ) -> ValidationBucket:
        """Count checks of an account, even beyond the limit."""
        shares = {other: at for other, at in _shares(bucket).items() if at > now}
        if checks:
            # An account is never charged for more than its last minute.
            own = max(shares.get(uin, now), now) + checks * (MINUTE / self.own)
            shares[uin] = min(own, now + MINUTE)
        even_at = now + min(_debt(bucket.even_at, now) + checks * self.interval, LONGEST_DEBT)
        return replace(
            bucket,
            even_at=even_at,
            shares=tuple((other, at.isoformat()) for other, at in sorted(shares.items())),
        )

    def unanswered(self, bucket: ValidationBucket, uin: str, now: datetime) -> ValidationBucket:
        """Count a check that nobody answered as several; half of the reserve stays."""
        charged = self.charge(bucket, uin, UNANSWERED - 1, now)
        most = now + (self.per_minute - self.per_minute // KEPT_BACK // 2) * self.interval
        return replace(charged, even_at=max(bucket.even_at, min(charged.even_at, most)))

    def _room(self, own_used: float) -> int:
        """Return how many checks may be counted for an account that has used this many."""
        kept_back = self.per_minute // KEPT_BACK
        return self.per_minute if own_used + 1 <= self.own else self.per_minute - kept_back

    def _again_at(self, bucket: ValidationBucket, uin: str, now: datetime) -> datetime:
        """Return when an account may begin one more check, if no other account does before."""
        full, reduced = self._room(0), self._room(self.own)
        by_room = bucket.even_at - (reduced - 1) * self.interval
        share_at = _shares(bucket).get(uin, now) - (self.own - 1) * (MINUTE / self.own)
        return min(by_room, max(share_at, bucket.even_at - (full - 1) * self.interval))


def _debt(at: datetime, now: datetime) -> timedelta:
    """Return the time left until `at`; zero if the clock was set back since."""
    debt = max(at - now, timedelta())
    return debt if debt <= LONGEST_DEBT else timedelta()


def _shares(bucket: ValidationBucket) -> dict[str, datetime]:
    return {uin: datetime.fromisoformat(at) for uin, at in bucket.shares}
