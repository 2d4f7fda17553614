"""The rate limit of one account, where the operator sets another than the default."""

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.records import RateLimit
from certdesk.domain.errors import InvalidParam
from certdesk.domain.values.record import replace
from certdesk.domain.values.redaction import redacted_bare
from certdesk.engine import Context
from certdesk.operator.lookups import known_account
from certdesk.ports import Unit
from certdesk.wire.model import Reply
from certdesk.wire.operator import accounts as asked


class SetRateLimitReply(Reply):
    """The limit in force now; null is the default, 0 is no limit."""

    uin: str
    action: str
    per_second: int | None


@catalog.action(InvalidParam, writes=True, internal=True)
def set_rate_limit(
    context: Context, request: asked.SetRateLimitRequest
) -> Commit[SetRateLimitReply]:
    """Set an account's own rate limit for an action."""
    if catalog.find(request.action) is None:
        raise InvalidParam(f"Action: there is no action {redacted_bare(request.action)}.")

    def commit(unit: Unit) -> SetRateLimitReply:
        known_account(unit, request.uin)
        _set(unit, request)
        context.record(
            unit,
            f"account:{request.uin}",
            f"{request.action}: {request.per_second}",
            uin=request.uin,
        )
        return SetRateLimitReply(
            uin=request.uin, action=request.action, per_second=request.per_second
        )

    return commit


def _set(unit: Unit, request: asked.SetRateLimitRequest) -> None:
    known = unit.pace_limits.get(request.uin, request.action)
    if request.per_second is None:
        unit.pace_limits.remove(request.uin, request.action)
    elif known is None:
        unit.pace_limits.add(
            RateLimit(uin=request.uin, action=request.action, per_second=request.per_second)
        )
    else:
        unit.pace_limits.replace(replace(known, per_second=request.per_second))
