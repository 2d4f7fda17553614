"""The state of the desk itself, for the operator."""

from certdesk.catalog import Commit, catalog
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.keys import KeyKind
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Reply
from certdesk.wire.operator import desk as asked


class VaultStatusReply(Reply):
    """The key-encryption key in use, and how many keys of each kind are in stock."""

    key_encryption: dict[str, str]
    accounts: int
    key_stock: dict[str, int]


@catalog.action(internal=True, roles=STAFF)
def vault_status(context: Context, request: asked.VaultStatusRequest) -> Commit[VaultStatusReply]:
    """Show which key encrypts secrets, and the stock of keys."""

    def read(unit: Unit) -> VaultStatusReply:
        return VaultStatusReply(
            key_encryption=context.desk.vault.describe(),
            accounts=unit.accounts.count(),
            key_stock={kind.label: unit.key_stock.count(kind=kind.name) for kind in KeyKind},
        )

    return read
