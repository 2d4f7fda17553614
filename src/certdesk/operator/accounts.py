"""Accounts, for the operator."""

from datetime import datetime

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.account import Account, new_uin
from certdesk.domain.errors import InvalidParam
from certdesk.domain.orders.listing import searchable
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator import enabling
from certdesk.operator.access_keys import NewKeyReply, new_key
from certdesk.operator.lookups import check_name, known_account
from certdesk.operator.people.sessions import end_sessions_of_users
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, utc_time
from certdesk.wire.operator import accounts as asked


class AddAccountRequest(Request):
    """The new account's name, and whether its identity counts as verified."""

    name: str
    verified: bool = True


class AddAccountReply(NewKeyReply):
    """The account and its key; `SameName` are the Uins of earlier accounts with this name."""

    same_name: list[str]


@catalog.action(InvalidParam, writes=True, internal=True)
def add_account(context: Context, request: AddAccountRequest) -> Commit[AddAccountReply]:
    """Add an account with its first key; other accounts may have the same name."""
    check_name(request.name)
    uin = new_uin(context.desk.rng)
    account = Account(
        uin=uin,
        name=request.name,
        verified=request.verified,
        enabled=True,
        created_at=context.now,
        keyset=context.desk.vault.new_keyset(uin),
    )
    key, secret_key = new_key(context, uin)

    def commit(unit: Unit) -> AddAccountReply:
        name = searchable(request.name)
        same = [each.uin for each in unit.accounts.where() if searchable(each.name) == name]
        unit.accounts.add(account)
        unit.access_keys.add(key)
        context.record(unit, f"account:{uin}", request.name, uin=uin)
        return AddAccountReply(
            uin=uin, secret_id=key.secret_id, secret_key=secret_key, same_name=same
        )

    return commit


class AccountInfo(Part):
    """An account as listed, with the ids of its own keys in use."""

    uin: str
    name: str
    verified: bool
    enabled: bool
    unsigned_payload: bool
    signed_action: bool
    create_time: str | None
    secret_ids: list[str]


class ListAccountsReply(Reply):
    """All accounts."""

    accounts: list[AccountInfo]


@catalog.action(internal=True, roles=STAFF)
def list_accounts(
    context: Context, request: asked.ListAccountsRequest
) -> Commit[ListAccountsReply]:
    """List the accounts of the desk."""

    def read(unit: Unit) -> ListAccountsReply:
        return ListAccountsReply(
            accounts=[
                AccountInfo(
                    uin=account.uin,
                    name=account.name,
                    verified=account.verified,
                    enabled=account.enabled,
                    unsigned_payload=account.unsigned_payload,
                    signed_action=account.signed_action,
                    create_time=utc_time(account.created_at),
                    secret_ids=[
                        key.secret_id
                        for key in unit.access_keys.where(
                            uin=account.uin, user_id=None, enabled=True
                        )
                    ],
                )
                for account in unit.accounts.where()
            ]
        )

    return read


class SwitchAccountReply(Reply):
    """The state of the account now."""

    uin: str
    enabled: bool
    verified: bool
    unsigned_payload: bool
    signed_action: bool


@catalog.action(writes=True, internal=True)
def switch_account(
    context: Context, request: asked.SwitchAccountRequest
) -> Commit[SwitchAccountReply]:
    """Enable or disable an account, mark its identity verified, set what has to be signed.

    While it is disabled, its orders are halted and their deadlines do not run; enabled again, they
    go on. The sessions of its people end when it is disabled.
    """
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> SwitchAccountReply:
        before = known_account(unit, request.uin)
        changed = unit.accounts.replace(_switched(before, request, context.now))
        if not changed.enabled:
            end_sessions_of_users(unit, changed.uin)
        if before.disabled_at is not None and changed.enabled:
            enabling.resume(context, unit, changed.uin, before.disabled_at)
        detail = (
            f"enabled {changed.enabled}, verified {changed.verified}, unsigned payload "
            f"{changed.unsigned_payload}, signed action {changed.signed_action}"
        )
        context.record(unit, f"account:{changed.uin}", detail, uin=changed.uin)
        return SwitchAccountReply(
            uin=changed.uin,
            enabled=changed.enabled,
            verified=changed.verified,
            unsigned_payload=changed.unsigned_payload,
            signed_action=changed.signed_action,
        )

    return commit


def _switched(account: Account, request: asked.SwitchAccountRequest, now: datetime) -> Account:
    verified, enabled = request.verified, request.enabled
    unsigned, signed_action = request.unsigned_payload, request.signed_action
    return replace(
        account.switched(enabled=account.enabled if enabled is None else enabled, now=now),
        verified=account.verified if verified is None else verified,
        unsigned_payload=account.unsigned_payload if unsigned is None else unsigned,
        signed_action=account.signed_action if signed_action is None else signed_action,
    )
