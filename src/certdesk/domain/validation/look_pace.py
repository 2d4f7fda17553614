"""How often the desk looks at names of one registrable domain, whoever asks for it.

The owner of a domain did not ask for what others order. So looks are counted by registrable
domain over all accounts and orders: a minute's looks may come at once, after that they come
evenly. A third of them is kept for accounts that have hardly looked at the domain in the last
minute: somebody who orders a stranger's names does not hold up the stranger.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from certdesk.domain.validation.records import LookPace

MINUTE = timedelta(minutes=1)
LONGEST_DEBT = timedelta(minutes=10)
"""No domain waits longer, however many looks were charged."""

KEPT_BACK = 3
"""One part in so many of a minute's looks is for accounts that have hardly looked."""

SHARE = 6
"""An account that had less than one part in so many of a minute's looks has hardly looked."""

UNANSWERED = 10
"""A look that nobody answers counts as so many."""

PROOF, CAA = "PROOF", "CAA"
"""The kinds of looks, each of which is counted apart."""


@dataclasses.dataclass(frozen=True, slots=True)
class Granted:
    """How many looks may begin now, how the domain stands then, and when there is room again."""

    looks: int
    pace: LookPace
    again_at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class LookLimit:
    """So many looks of one kind a minute at the names of one registrable domain."""

    per_minute: int

    @property
    def interval(self) -> timedelta:
        """The time after which there is room for one look more."""
        return MINUTE / self.per_minute

    @property
    def own(self) -> int:
        """The looks a minute with which an account has hardly looked."""
        return max(1, self.per_minute // SHARE)

    def take(self, pace: LookPace, uin: str, wanted: int, now: datetime) -> Granted:
        """Let an account begin as many of the looks that it wants as there is room for."""
        used = _debt(pace.even_at, now) / self.interval
        own_used = _debt(_shares(pace).get(uin, now), now) / (MINUTE / self.own)
        looks = 0
        while looks < wanted and used + looks + 1 <= self._room(own_used + looks):
            looks += 1
        after = self.charge(pace, uin, looks, now)
        return Granted(looks, after, max(now, self._again_at(after, uin, now)))

    def charge(self, pace: LookPace, uin: str, looks: int, now: datetime) -> LookPace:
        """Count looks of an account, whether there is room for them or not."""
        shares = {other: at for other, at in _shares(pace).items() if at > now}
        if looks:
            # An account is never held to more than its last minute.
            own = max(shares.get(uin, now), now) + looks * (MINUTE / self.own)
            shares[uin] = min(own, now + MINUTE)
        even_at = now + min(_debt(pace.even_at, now) + looks * self.interval, LONGEST_DEBT)
        return dataclasses.replace(
            pace,
            even_at=even_at,
            shares=tuple((other, at.isoformat()) for other, at in sorted(shares.items())),
        )

    def unanswered(self, pace: LookPace, uin: str, now: datetime) -> LookPace:
        """Count a look that nobody answered as more of them; half of what is kept back stays."""
        charged = self.charge(pace, uin, UNANSWERED - 1, now)
        most = now + (self.per_minute - self.per_minute // KEPT_BACK // 2) * self.interval
        return dataclasses.replace(charged, even_at=max(pace.even_at, min(charged.even_at, most)))

    def _room(self, own_used: float) -> int:
        """Give how many looks may be counted, for an account that has had so many."""
        kept_back = self.per_minute // KEPT_BACK
        return self.per_minute if own_used + 1 <= self.own else self.per_minute - kept_back

    def _again_at(self, pace: LookPace, uin: str, now: datetime) -> datetime:
        """Tell when an account may begin one look more, if nobody else does before."""
        full, reduced = self._room(0), self._room(self.own)
        by_room = pace.even_at - (reduced - 1) * self.interval
        share_at = _shares(pace).get(uin, now) - (self.own - 1) * (MINUTE / self.own)
        return min(by_room, max(share_at, pace.even_at - (full - 1) * self.interval))


def _debt(at: datetime, now: datetime) -> timedelta:
    """Give how long it takes until a time; none where the clock was put back since."""
    debt = max(at - now, timedelta())
    return debt if debt <= LONGEST_DEBT else timedelta()


def _shares(pace: LookPace) -> dict[str, datetime]:
    return {uin: datetime.fromisoformat(at) for uin, at in pace.shares}
