"""Keys that sign for an account or one of its users, and temporary keys, for the operator."""

import hashlib
from datetime import timedelta

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.account import AccessKey, new_secret_id, new_secret_key, new_token
from certdesk.domain.accounts.policy import User
from certdesk.domain.errors import (
    InvalidParam,
    PolicyNotFound,
    SecretIdNotFound,
    UserNotFound,
)
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.operator.lookups import known_account, known_user
from certdesk.ports import Place, Unit, Vault
from certdesk.wire.model import Integer, Reply, Request, utc_time
from certdesk.wire.operator import accounts as asked

MOST_KEYS = 2
"""The most keys in use at a time: an old one and its replacement."""

MOST_MINUTES = 36 * 60
KEPT_AFTER_THE_END = timedelta(days=1)
"""How long the record of an ended key is kept, to tell its owner why it is refused."""


class NewKeyReply(Reply):
    """A new key; the SecretKey is shown this once."""

    uin: str
    secret_id: str
    secret_key: str


class AddKeyRequest(Request):
    """The owner of the key: the account itself, or a user, whose policies then apply."""

    uin: str
    user_id: Integer | None = None


@catalog.action(InvalidParam, writes=True, internal=True)
def add_key(context: Context, request: AddKeyRequest) -> Commit[NewKeyReply]:
    """Add another key for an account or one of its users."""
    context.desk.store.read(lambda unit: _check_owner(unit, request))
    key, secret_key = new_key(context, request.uin, user_id=request.user_id)

    def commit(unit: Unit) -> NewKeyReply:
        in_use = unit.access_keys.count(
            uin=request.uin, user_id=request.user_id, token_digest=None, enabled=True
        )
        if in_use >= MOST_KEYS:
            owner = "account" if request.user_id is None else "user"
            raise InvalidParam(
                f"The {owner} already has {MOST_KEYS} keys in use. Disable one first."
            )
        unit.access_keys.add(key)
        context.record(unit, f"key:{key.secret_id}", _whose(key), uin=request.uin)
        return NewKeyReply(uin=request.uin, secret_id=key.secret_id, secret_key=secret_key)

    return commit


class AddTokenRequest(Request):
    """The user and the lifetime; `PolicyIds` are the user's allowances that the key gets."""

    user_id: Integer
    minutes: Integer
    policy_ids: list[Integer] | None = None


class AddTokenReply(Reply):
    """A temporary key; SecretKey and Token are shown this once, and used together."""

    uin: str
    secret_id: str
    secret_key: str
    token: str
    expires: str | None


@catalog.action(InvalidParam, writes=True, internal=True)
def add_token(context: Context, request: AddTokenRequest) -> Commit[AddTokenReply]:
    """Make a temporary key of a user, which works only with its token and until it ends."""
    if not 1 <= request.minutes <= MOST_MINUTES:
        raise InvalidParam(f"Minutes: must be 1 to {MOST_MINUTES}, not {request.minutes}.")
    user = context.desk.store.read(lambda unit: known_user(unit, request.user_id))
    made, secret_key = new_key(context, user.uin, user_id=user.user_id)
    token = new_token(context.desk.rng)
    key = replace(
        made,
        token_digest=token_digest(token),
        expires_at=context.now + timedelta(minutes=request.minutes),
        policies=tuple(dict.fromkeys(request.policy_ids or ())),
    )

    def commit(unit: Unit) -> AddTokenReply:
        _check_chosen(known_user(unit, user.user_id), key.policies)
        _forget_ended(context, unit, user)
        unit.access_keys.add(key)
        until = utc_time(key.expires_at)
        context.record(unit, f"key:{key.secret_id}", f"{_whose(key)}, until {until}", uin=user.uin)
        return AddTokenReply(
            uin=user.uin,
            secret_id=key.secret_id,
            secret_key=secret_key,
            token=token,
            expires=until,
        )

    return commit


class RotateKeyRequest(Request):
    """The key to replace."""

    secret_id: str


@catalog.action(InvalidParam, SecretIdNotFound, writes=True, internal=True)
def rotate_key(context: Context, request: RotateKeyRequest) -> Commit[NewKeyReply]:
    """Replace a key with a new one; the old key stops working at once."""
    old = context.desk.store.read(lambda unit: _key(unit, request.secret_id))
    if old.token_digest is not None:
        raise InvalidParam("You cannot rotate a temporary key. Make another one.")
    key, secret_key = new_key(context, old.uin, user_id=old.user_id)

    def commit(unit: Unit) -> NewKeyReply:
        replaced = _key(unit, request.secret_id)
        if not replaced.enabled:
            raise InvalidParam("The key is already disabled. Add a new one.")
        _switch_off(unit, replaced)
        unit.access_keys.add(key)
        context.record(unit, f"key:{request.secret_id}", key.secret_id, uin=key.uin)
        return NewKeyReply(uin=key.uin, secret_id=key.secret_id, secret_key=secret_key)

    return commit


class DisableKeyReply(Reply):
    """The key that no longer works."""

    uin: str
    secret_id: str


@catalog.action(SecretIdNotFound, writes=True, internal=True)
def disable_key(context: Context, request: asked.DisableKeyRequest) -> Commit[DisableKeyReply]:
    """Stop a key from working."""

    def commit(unit: Unit) -> DisableKeyReply:
        key = _key(unit, request.secret_id)
        _switch_off(unit, key)
        context.record(unit, f"key:{key.secret_id}", uin=key.uin)
        return DisableKeyReply(uin=key.uin, secret_id=key.secret_id)

    return commit


class TakeKeyBackRequest(Request):
    """The key to take back, and the key that it replaced, if any."""

    secret_id: str
    replaced: str | None = None


class TakeKeyBackReply(Reply):
    """The key that no longer works; `Restored` is the one that works again."""

    uin: str
    secret_id: str
    restored: str | None


@catalog.action(SecretIdNotFound, writes=True, internal=True)
def take_key_back(context: Context, request: TakeKeyBackRequest) -> Commit[TakeKeyBackReply]:
    """Undo the creation of a key whose SecretKey reached nobody."""

    def commit(unit: Unit) -> TakeKeyBackReply:
        key = _key(unit, request.secret_id)
        replaced = _key(unit, request.replaced) if request.replaced else None
        if replaced and (replaced.uin, replaced.user_id) != (key.uin, key.user_id):
            raise SecretIdNotFound
        _switch_off(unit, key)
        if replaced:
            unit.access_keys.replace(replace(replaced, enabled=True))
        restored = replaced.secret_id if replaced else None
        detail = "not handed over" + (f"; {restored} works again" if restored else "")
        context.record(unit, f"key:{key.secret_id}", detail, uin=key.uin)
        return TakeKeyBackReply(uin=key.uin, secret_id=key.secret_id, restored=restored)

    return commit


def new_key(context: Context, uin: str, *, user_id: int | None = None) -> tuple[AccessKey, str]:
    """Return a new key of an account or of one of its users, and its SecretKey."""
    secret_id, secret_key = new_secret_id(context.desk.rng), new_secret_key(context.desk.rng)
    key = AccessKey(
        secret_id=secret_id,
        uin=uin,
        sealed_secret=context.desk.vault.seal(Secret(secret_key), _place(uin, secret_id)),
        enabled=True,
        created_at=context.now,
        user_id=user_id,
    )
    return key, secret_key


def secret_key_of(vault: Vault, key: AccessKey) -> Secret:
    """Open the SecretKey of a key."""
    return vault.open(key.sealed_secret, _place(key.uin, key.secret_id))


def token_digest(token: str) -> bytes:
    """Return the digest of a token, which is stored; a token is too long to be guessed from it."""
    return hashlib.sha256(token.encode()).digest()


def _place(uin: str, secret_id: str) -> Place:
    return Place(uin=uin, table="access_keys", row=secret_id, column="sealed_secret")


def _whose(key: AccessKey) -> str:
    return "" if key.user_id is None else f"user {key.user_id}"


def _check_owner(unit: Unit, request: AddKeyRequest) -> None:
    known_account(unit, request.uin)
    if request.user_id is not None and known_user(unit, request.user_id).uin != request.uin:
        raise UserNotFound(f"The account has no user {request.user_id}.")


def _check_chosen(user: User, chosen: tuple[int, ...]) -> None:
    for policy_id in chosen:
        if policy_id not in user.policies:
            raise PolicyNotFound(f"The user has no policy {policy_id}.")


def _forget_ended(context: Context, unit: Unit, user: User) -> None:
    """Delete the user's temporary keys that ended long ago; they stay in the audit log."""
    for key in unit.access_keys.where(uin=user.uin, user_id=user.user_id):
        if key.expires_at is not None and key.expires_at < context.now - KEPT_AFTER_THE_END:
            unit.access_keys.remove(key.secret_id)


def _key(unit: Unit, secret_id: str) -> AccessKey:
    key = unit.access_keys.get(secret_id)
    if key is None:
        raise SecretIdNotFound
    return key


def _switch_off(unit: Unit, key: AccessKey) -> None:
    unit.access_keys.replace(replace(key, enabled=False))
