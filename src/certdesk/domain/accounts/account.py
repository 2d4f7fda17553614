"""Accounts and the keys that sign for them."""

from __future__ import annotations

import random
import string
from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting
from certdesk.domain.values.record import Record, replace

ALPHANUMERIC = string.ascii_letters + string.digits


class Account(Record, kw_only=True):
    """An owner of orders; `keyset` is the account's data keys, sealed by the desk's own key.

    With `unsigned_payload`, requests may leave their body out of the signature. With
    `signed_action`, a request is refused unless its signature covers the action. Both are off by
    default. `disabled_at` is the time since which the account has been disabled, None while it is
    enabled (`domain/orders/suspension.py`).
    """

    uin: Code
    name: Lasting
    verified: bool
    enabled: bool
    created_at: datetime
    keyset: bytes
    unsigned_payload: bool = False
    signed_action: bool = False
    disabled_at: datetime | None = None
    version: int = 1

    def switched(self, *, enabled: bool, now: datetime) -> Account:
        """Return the account enabled or disabled.

        An account that is disabled already keeps its time.
        """
        since = None if enabled else self.disabled_at or now
        return replace(self, enabled=enabled, disabled_at=since)


class AccessKey(Record, kw_only=True):
    """A SecretId and its sealed SecretKey.

    `user_id` is the sub-user whose policies bind the key, None for the account's own keys. A
    temporary key has an end and a token, of which the SHA-256 is kept. If `policies` names any, the
    key has only these of the user's allowances.
    """

    secret_id: Code
    uin: Code
    sealed_secret: bytes
    enabled: bool
    created_at: datetime
    user_id: int | None = None
    token_digest: bytes | None = None
    expires_at: datetime | None = None
    policies: tuple[int, ...] = ()
    version: int = 1


def letters(rng: random.Random, count: int) -> str:
    """Return `count` random characters of A-Z, a-z and 0-9 (5.95 bits each)."""
    return "".join(rng.choice(ALPHANUMERIC) for _ in range(count))


def new_uin(rng: random.Random) -> str:
    """Return a random account number in the vendor's format: 12 digits that begin with 1000."""
    return f"1000{rng.randrange(10**8):08d}"


def new_secret_id(rng: random.Random) -> str:
    """Return a random SecretId in the vendor's format: `AKID` and 32 characters."""
    return "AKID" + letters(rng, 32)


def new_secret_key(rng: random.Random) -> str:
    """Return a random SecretKey of 43 characters, which is 256 bits."""
    return letters(rng, 43)


def new_token(rng: random.Random) -> str:
    """Return a random token for a temporary key: 43 characters, which is 256 bits."""
    return letters(rng, 43)
