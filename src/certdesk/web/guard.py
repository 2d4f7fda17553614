"""Authentication and authorisation: whose key signed, and what its user may do."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Mapping
from datetime import datetime

from certdesk.catalog import Action
from certdesk.domain.accounts.account import AccessKey
from certdesk.domain.accounts.policy import UNBOUND, Grants
from certdesk.domain.errors import (
    SecretIdNotFound,
    SignatureFailure,
    TokenFailure,
    UnauthorizedOperation,
)
from certdesk.domain.people.role import Role
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.engine import Caller, Desk
from certdesk.operator.access_keys import secret_key_of, token_digest
from certdesk.ports import Unit
from certdesk.web.forms import Claim
from certdesk.wire.signature import derive_key

REMEMBERED_SECONDS = 0.5
"""A disabled key, user or account, and a changed policy, take effect within a second, whichever
process made the change."""

MOST_REMEMBERED = 10_000


class Identity(Record, kw_only=True):
    """An enabled key of an enabled account and user, and its permissions.

    A temporary key has a token and an end time. `unsigned_payload` and `signed_action` are the
    account's (`domain/accounts/account.py`).
    """

    caller: Caller
    token_digest: bytes | None
    expires_at: datetime | None
    unsigned_payload: bool
    signed_action: bool

    def ended(self, now: datetime) -> bool:
        """Whether it is a temporary key whose time is over."""
        return self.expires_at is not None and self.expires_at <= now


class KnownKey(Record, kw_only=True):
    """A key that was looked up.

    `limits` are the account's own rate limits, in requests a second by action. `seen` is when the
    look-up began, in monotonic seconds.
    """

    identity: Identity
    secret_key: Secret
    limits: Mapping[str, int]
    seen: float

    @property
    def caller(self) -> Caller:
        """The caller who signs with the key."""
        return self.identity.caller


class Guard:
    """A short-lived cache of keys, so that a busy client does not cost a look-up a request."""

    def __init__(self, desk: Desk) -> None:
        """Look keys up in `desk`."""
        self._desk = desk
        self._known: dict[str, KnownKey] = {}
        self._day_keys: dict[tuple[str, str, str], tuple[Secret, bytes]] = {}
        self._lock = threading.Lock()

    def recall(self, secret_id: str) -> KnownKey | None:
        """Return a key that was looked up a moment ago, without waiting."""
        known = self._known.get(secret_id)
        if known is None or time.monotonic() - known.seen > REMEMBERED_SECONDS:
            return None
        return known

    def look_up(self, secret_id: str) -> KnownKey:
        """Read a key.

        Raises:
            SecretIdNotFound: it is unknown or disabled, or its account or user is.
        """
        # Taken before the read, which may miss any later change.
        seen = time.monotonic()
        key, identity, limits = self._desk.store.read(lambda unit: _looked_up(unit, secret_id))
        known = KnownKey(
            identity=identity,
            secret_key=secret_key_of(self._desk.vault, key),
            limits=limits,
            seen=seen,
        )
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[secret_id] = known
        return known

    def owner_of(self, secret_id: str) -> str | None:
        """Return the account of a key, enabled or not; None if there is no such key."""
        key = self._desk.store.read(lambda unit: unit.access_keys.get(secret_id))
        return None if key is None else key.uin

    def forget(self, secret_id: str) -> None:
        """Drop a key from the cache."""
        with self._lock:
            self._known.pop(secret_id, None)

    def holds(self, known: KnownKey, unit: Unit) -> bool:
        """Return, in a transaction, whether a key is still enabled with the same permissions."""
        key = unit.access_keys.get(known.caller.actor)
        try:
            identity = _identity(unit, key)
        except SecretIdNotFound:
            return False
        return identity == known.identity and not identity.ended(self._desk.clock.now())

    def day_key(self, known: KnownKey, date: str, service: str) -> bytes:
        """Return the signing key of a day, derived once (three HMACs saved a request)."""
        place = (known.caller.actor, date, service)
        remembered = self._day_keys.get(place)
        if remembered is not None and remembered[0] == known.secret_key:
            return remembered[1]
        derived = derive_key(known.secret_key, date, service)
        with self._lock:
            if len(self._day_keys) >= MOST_REMEMBERED:
                self._day_keys.clear()
            self._day_keys[place] = (known.secret_key, derived)
        return derived


def check_coverage(known: KnownKey, claim: Claim, action: Action | None) -> None:
    """Refuse a correct signature that covers too little.

    The body may be left unsigned if the account allows that, but not for an action that takes or
    shows keys or personal data. The action must be signed if the account demands it.

    Raises:
        SignatureFailure: the message says what to sign as well.
    """
    if not claim.payload_signed and not known.identity.unsigned_payload:
        raise SignatureFailure("The account does not allow UNSIGNED-PAYLOAD. Sign the body.")
    if not claim.payload_signed and action is not None and action.sensitive:
        raise SignatureFailure(f"{action.name} does not allow UNSIGNED-PAYLOAD. Sign the body.")
    if not claim.action_signed and known.identity.signed_action:
        raise SignatureFailure(
            "The account requires signed actions. Sign the header x-tc-action too."
        )


def check_token(known: KnownKey, token: str, now: datetime) -> None:
    """Refuse a temporary key without its token or after its end, and a token for another key.

    Checked after the signature, so that a stranger learns nothing. `token` is "" if none was sent.

    Raises:
        TokenFailure: the message says what is wrong.
    """
    identity = known.identity
    if identity.token_digest is None:
        if token:
            raise TokenFailure("The key is permanent, so it takes no token.")
        return
    if not token:
        raise TokenFailure("The key is a temporary one, and its token is missing.")
    if not hmac.compare_digest(token_digest(token), identity.token_digest):
        raise TokenFailure("The token does not belong to this key.")
    if identity.expires_at is not None and identity.ended(now):
        raise TokenFailure(f"The key expired at {identity.expires_at:%Y-%m-%d %H:%M:%S} UTC.")


def permit(caller: Caller, action: Action, request_id: str) -> None:
    """Refuse an action that the caller's policies do not allow for all its resources.

    Raises:
        UnauthorizedOperation: in the vendor's words, which include the request's id.
    """
    if not action.permitted(caller.grants):
        raise UnauthorizedOperation(
            f"[[request id:{request_id}]you are not authorized to perform operation "
            f"({action.permission})\nresource (*) has no permission\n]"
        )


def _looked_up(unit: Unit, secret_id: str) -> tuple[AccessKey, Identity, dict[str, int]]:
    key = unit.access_keys.get(secret_id)
    identity = _identity(unit, key)
    assert key is not None  # noqa: S101 -- there is no identity without it
    limits = {limit.action: limit.per_second for limit in unit.pace_limits.where(uin=key.uin)}
    return key, identity, limits


def _identity(unit: Unit, key: AccessKey | None) -> Identity:
    """Return the identity of a key.

    Raises:
        SecretIdNotFound: it is unknown or disabled, or its account or user is.
    """
    account = unit.accounts.get(key.uin) if key is not None and key.enabled else None
    if key is None or account is None or not account.enabled:
        raise SecretIdNotFound
    return Identity(
        caller=Caller(
            uin=account.uin,
            actor=key.secret_id,
            role=Role.USER,
            verified=account.verified,
            user_id=key.user_id,
            grants=_grants(unit, key),
        ),
        token_digest=key.token_digest,
        expires_at=key.expires_at,
        unsigned_payload=account.unsigned_payload,
        signed_action=account.signed_action,
    )


def _grants(unit: Unit, key: AccessKey) -> Grants:
    if key.user_id is None:
        return UNBOUND
    user = unit.users.get(key.user_id)
    if user is None or not user.enabled:
        raise SecretIdNotFound
    policies = (unit.policies.get(policy_id) for policy_id in user.policies)
    return Grants.chosen((policy for policy in policies if policy is not None), key.policies)
