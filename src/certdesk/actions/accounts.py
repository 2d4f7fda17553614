"""Accounts, for the operator."""

import dataclasses

from certdesk.actions.access_keys import NewKeyReply, new_key
from certdesk.actions.naming import check_name, known_account
from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.account import Account, new_uin
from certdesk.domain.errors import AccountNotFound, InvalidParam
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, local_time


class AddAccountRequest(Request):
    """The new account's name, and whether its identity counts as verified."""

    name: str
    verified: bool = True


@catalog.action(InvalidParam, writes=True, internal=True)
def add_account(context: Context, request: AddAccountRequest) -> Commit[NewKeyReply]:
    """Open an account with its first key."""
    check_name(request.name)
    uin = new_uin(context.rng)
    account = Account(
        uin=uin,
        name=request.name,
        verified=request.verified,
        enabled=True,
        created_at=context.now,
        keyset=context.vault.new_keyset(uin),
    )
    key, secret_key = new_key(context, uin)

    def commit(unit: Unit) -> NewKeyReply:
        unit.accounts.add(account)
        unit.access_keys.add(key)
        context.record(unit, f"account:{uin}", request.name, uin=uin)
        return NewKeyReply(uin=uin, secret_id=key.secret_id, secret_key=secret_key)

    return commit


class AccountInfo(Part):
    """An account as listed, with the ids of its own keys in use."""

    uin: str
    name: str
    verified: bool
    enabled: bool
    create_time: str | None
    secret_ids: list[str]


class ListAccountsRequest(Request):
    """No parameters."""


class ListAccountsReply(Reply):
    """All accounts."""

    accounts: list[AccountInfo]


@catalog.action(internal=True)
def list_accounts(context: Context, request: ListAccountsRequest) -> Commit[ListAccountsReply]:
    """List the accounts of the desk."""

    def look(unit: Unit) -> ListAccountsReply:
        return ListAccountsReply(
            accounts=[
                AccountInfo(
                    uin=account.uin,
                    name=account.name,
                    verified=account.verified,
                    enabled=account.enabled,
                    create_time=local_time(account.created_at),
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

    return look


class SwitchAccountRequest(Request):
    """Which account, and what it is to be."""

    uin: str
    enabled: bool | None = None
    verified: bool | None = None


class SwitchAccountReply(Reply):
    """How the account stands now."""

    uin: str
    enabled: bool
    verified: bool


@catalog.action(AccountNotFound, writes=True, internal=True)
def switch_account(context: Context, request: SwitchAccountRequest) -> Commit[SwitchAccountReply]:
    """Enable or disable an account, or mark its identity verified or not."""

    def commit(unit: Unit) -> SwitchAccountReply:
        account = known_account(unit, request.uin)
        enabled = account.enabled if request.enabled is None else request.enabled
        verified = account.verified if request.verified is None else request.verified
        changed = unit.accounts.replace(
            dataclasses.replace(account, enabled=enabled, verified=verified)
        )
        detail = f"enabled {enabled}, verified {verified}"
        context.record(unit, f"account:{account.uin}", detail, uin=account.uin)
        return SwitchAccountReply(
            uin=changed.uin, enabled=changed.enabled, verified=changed.verified
        )

    return commit
