"""The latest time that the desk has seen, which the operator may correct."""

from certdesk.catalog import Commit, catalog
from certdesk.domain.pki import clock_guard
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Reply, utc_time
from certdesk.wire.operator import desk as asked


class AcceptClockReply(Reply):
    """The time that counts from now on, and the latest time seen before, in UTC."""

    now: str | None
    seen: str | None


@catalog.action(writes=True, internal=True)
def accept_clock(context: Context, request: asked.AcceptClockRequest) -> Commit[AcceptClockReply]:
    """Accept the clock as it is, although it was ahead before."""

    def commit(unit: Unit) -> AcceptClockReply:
        seen = clock_guard.latest_of(unit.marks.get(clock_guard.MARK))
        unit.marks.remove(clock_guard.MARK)
        unit.marks.add(clock_guard.mark_of(context.now))
        reply = AcceptClockReply(now=utc_time(context.now), seen=utc_time(seen))
        context.record(unit, "clock", f"it was {reply.seen} before")
        return reply

    return commit
