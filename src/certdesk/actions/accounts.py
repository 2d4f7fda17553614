"""Accounts and their keys, for the operator."""

import dataclasses

from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.account import AccessKey, Account, new_secret_id, new_secret_key, new_uin
from certdesk.domain.errors import AccountNotFound, InvalidParam, SecretIdNotFound
from certdesk.domain.secret import Secret
from certdesk.ports import Place, Unit, Vault
from certdesk.wire.model import Part, Reply, Request, local_time

MOST_KEYS = 2
"""Keys in use at a time: one to leave, one to come (security requirement R-AUTH 4)."""


class AddAccountRequest(Request):
    """The new account's name, and whether its identity counts as verified."""

    name: str
    verified: bool = True


class NewKeyReply(Reply):
    """A new key; the SecretKey is shown this once."""

    uin: str
    secret_id: str
    secret_key: str


@catalog.action(InvalidParam, writes=True, internal=True)
def add_account(context: Context, request: AddAccountRequest) -> Commit[NewKeyReply]:
    """Open an account with its first key."""
    longest = 64
    if len(request.name) > longest or not request.name.isprintable():
        raise InvalidParam(f"Name: takes at most {longest} printable characters.")
    uin = new_uin(context.rng)
    account = Account(
        uin=uin,
        name=request.name,
        verified=request.verified,
        enabled=True,
        created_at=context.now,
        keyset=context.vault.new_keyset(uin),
    )
    key, secret_key = _new_key(context, uin, read_only=False)

    def commit(unit: Unit) -> NewKeyReply:
        unit.accounts.add(account)
        unit.access_keys.add(key)
        context.record(unit, f"account:{uin}", request.name, uin=uin)
        return NewKeyReply(uin=uin, secret_id=key.secret_id, secret_key=secret_key)

    return commit


class AccountInfo(Part):
    """An account as listed, with the ids of its keys in use."""

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
                        for key in unit.access_keys.where(uin=account.uin, enabled=True)
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
        account = _account(unit, request.uin)
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


class AddKeyRequest(Request):
    """Whose key; a read-only one may look but not change anything."""

    uin: str
    read_only: bool = False


@catalog.action(AccountNotFound, InvalidParam, writes=True, internal=True)
def add_key(context: Context, request: AddKeyRequest) -> Commit[NewKeyReply]:
    """Give an account another key."""
    context.store.read(lambda unit: _account(unit, request.uin))
    key, secret_key = _new_key(context, request.uin, read_only=request.read_only)

    def commit(unit: Unit) -> NewKeyReply:
        if unit.access_keys.count(uin=request.uin, enabled=True) >= MOST_KEYS:
            raise InvalidParam(
                f"The account has {MOST_KEYS} keys in use already; disable one first."
            )
        unit.access_keys.add(key)
        context.record(unit, f"key:{key.secret_id}", uin=request.uin)
        return NewKeyReply(uin=request.uin, secret_id=key.secret_id, secret_key=secret_key)

    return commit


class KeyRequest(Request):
    """Which key."""

    secret_id: str


@catalog.action(SecretIdNotFound, writes=True, internal=True)
def rotate_key(context: Context, request: KeyRequest) -> Commit[NewKeyReply]:
    """Put a new key in the place of an old one, which stops working at once."""
    old = context.store.read(lambda unit: _key(unit, request.secret_id))
    key, secret_key = _new_key(context, old.uin, read_only=old.read_only)

    def commit(unit: Unit) -> NewKeyReply:
        _switch_off(unit, _key(unit, request.secret_id))
        unit.access_keys.add(key)
        context.record(unit, f"key:{request.secret_id}", key.secret_id, uin=key.uin)
        return NewKeyReply(uin=key.uin, secret_id=key.secret_id, secret_key=secret_key)

    return commit


class DisableKeyReply(Reply):
    """The key that works no more."""

    uin: str
    secret_id: str


@catalog.action(SecretIdNotFound, writes=True, internal=True)
def disable_key(context: Context, request: KeyRequest) -> Commit[DisableKeyReply]:
    """Stop a key from working."""

    def commit(unit: Unit) -> DisableKeyReply:
        key = _key(unit, request.secret_id)
        _switch_off(unit, key)
        context.record(unit, f"key:{key.secret_id}", uin=key.uin)
        return DisableKeyReply(uin=key.uin, secret_id=key.secret_id)

    return commit


def secret_key_of(vault: Vault, key: AccessKey) -> Secret:
    """Open the SecretKey of a key."""
    return vault.open(key.sealed_secret, _place(key.uin, key.secret_id))


def _new_key(context: Context, uin: str, *, read_only: bool) -> tuple[AccessKey, str]:
    secret_id, secret_key = new_secret_id(context.rng), new_secret_key(context.rng)
    sealed = context.vault.seal(Secret(secret_key), _place(uin, secret_id))
    key = AccessKey(
        secret_id=secret_id,
        uin=uin,
        sealed_secret=sealed,
        enabled=True,
        read_only=read_only,
        created_at=context.now,
    )
    return key, secret_key


def _place(uin: str, secret_id: str) -> Place:
    return Place(uin=uin, table="access_keys", row=secret_id, column="sealed_secret")


def _account(unit: Unit, uin: str) -> Account:
    account = unit.accounts.get(uin)
    if account is None:
        raise AccountNotFound(f"There is no account {uin[:20]}.")
    return account


def _key(unit: Unit, secret_id: str) -> AccessKey:
    key = unit.access_keys.get(secret_id)
    if key is None:
        raise SecretIdNotFound
    return key


def _switch_off(unit: Unit, key: AccessKey) -> None:
    unit.access_keys.replace(dataclasses.replace(key, enabled=False))
