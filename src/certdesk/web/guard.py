"""Whose key signed, and what it may do."""

from __future__ import annotations

import dataclasses
import threading
import time

from certdesk.actions.accounts import secret_key_of
from certdesk.catalog import Action, Caller, Desk
from certdesk.domain.account import AccessKey, Account
from certdesk.domain.errors import AuthError, SecretIdNotFound
from certdesk.domain.secret import Secret
from certdesk.ports import Unit
from certdesk.wire.signature import derive_key

REMEMBERED_SECONDS = 0.5
"""A disabled key or account is refused within a second, whichever process disabled it."""

MOST_REMEMBERED = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class KnownKey:
    """An enabled key of an enabled account, and when it was looked up (monotonic seconds)."""

    caller: Caller
    secret_key: Secret
    seen: float


class Guard:
    """Knows keys for a moment, so that a busy client does not cost a look-up a request."""

    def __init__(self, desk: Desk) -> None:
        """Ask `desk` for keys."""
        self._desk = desk
        self._known: dict[str, KnownKey] = {}
        self._day_keys: dict[tuple[str, str, str], tuple[Secret, bytes]] = {}
        self._lock = threading.Lock()

    def recall(self, secret_id: str) -> KnownKey | None:
        """Give a key that was looked up a moment ago, without waiting."""
        known = self._known.get(secret_id)
        if known is None or time.monotonic() - known.seen > REMEMBERED_SECONDS:
            return None
        return known

    def look_up(self, secret_id: str) -> KnownKey:
        """Read a key.

        Raises:
            SecretIdNotFound: it is unknown or disabled, or its account is.
        """
        key, account = self._desk.store.read(lambda unit: _key_and_account(unit, secret_id))
        known = KnownKey(
            caller=Caller(
                uin=account.uin,
                actor=secret_id,
                verified=account.verified,
                read_only=key.read_only,
            ),
            secret_key=secret_key_of(self._desk.vault, key),
            seen=time.monotonic(),
        )
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[secret_id] = known
        return known

    def day_key(self, known: KnownKey, date: str, service: str) -> bytes:
        """Give the signing key of a day, derived once (three HMACs saved a request)."""
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


def permit(caller: Caller, action: Action) -> None:
    """Refuse a read-only key that would change something.

    Raises:
        AuthError: the code that the vendor lists for its actions.
    """
    if caller.read_only and action.writes:
        raise AuthError("The key is read-only.")


def _key_and_account(unit: Unit, secret_id: str) -> tuple[AccessKey, Account]:
    key = unit.access_keys.get(secret_id)
    account = unit.accounts.get(key.uin) if key is not None and key.enabled else None
    if key is None or account is None or not account.enabled:
        raise SecretIdNotFound
    return key, account
