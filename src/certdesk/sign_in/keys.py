"""The public keys of a provider: those of its list that may sign, and those that fit a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from certdesk.ports import ProviderFailed

PublicKey: TypeAlias = Mapping[str, Any]
"""A key as a JSON object (RFC 7517)."""

MOST_KEYS = 50
MOST_TRIED = 5
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


def public_keys(said: Mapping[str, object]) -> tuple[PublicKey, ...]:
    """Return the keys of a provider that may sign: public ones only, no shared secret."""
    keys = said.get("keys")
    if not isinstance(keys, list):
        raise ProviderFailed("the provider has no list of keys")
    return tuple(
        each
        for each in keys[:MOST_KEYS]
        if isinstance(each, dict)
        and each.get("kty") in _KINDS.values()
        and each.get("use", "sig") == "sig"
    )


def chosen(keys: tuple[PublicKey, ...], algorithm: str, key_id: str) -> tuple[PublicKey, ...]:
    """Return the keys of the algorithm's kind, of that id if the token names one."""
    found = tuple(
        key
        for key in keys
        if key["kty"] == _KINDS[algorithm[:2]]
        and key.get("alg", algorithm) == algorithm
        and (not key_id or key.get("kid") == key_id)
    )
    return found[:MOST_TRIED]
