"""The quotas of an account, and how much of each it uses."""

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.quotas import DECLARED, PREFIX
from certdesk.domain.people.role import STAFF
from certdesk.engine import Context
from certdesk.operator.lookups import known_account
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply
from certdesk.wire.operator import accounts as asked


class LimitInfo(Part):
    """A quota; `Used` is null if the quota limits a single thing, and not an account's total."""

    name: str
    used: int | None
    limit: int
    setting: str
    what: str


class ListLimitsReply(Reply):
    """All quotas."""

    limits: list[LimitInfo]


@catalog.action(internal=True, roles=STAFF)
def list_limits(context: Context, request: asked.ListLimitsRequest) -> Commit[ListLimitsReply]:
    """List the quotas of an account with how much of each is used."""
    quotas = context.desk.rules.quotas

    def read(unit: Unit) -> ListLimitsReply:
        known_account(unit, request.uin)
        used = unit.usage.of(request.uin)
        return ListLimitsReply(
            limits=[
                LimitInfo(
                    name=kind,
                    used=used.get(kind),
                    limit=getattr(quotas, kind),
                    setting=f"{PREFIX}{kind}",
                    what=said["what"],
                )
                for kind, said in DECLARED.items()
            ]
        )

    return read
