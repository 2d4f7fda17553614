"""The part of Google Tink that the vault uses, with types."""

from __future__ import annotations

import tink
from tink import aead, prf


def register() -> None:
    """Register AEAD and PRF keys with Tink; repeating it is harmless (one list a process)."""
    aead.register()
    prf.register()


def new_aead_keyset() -> tink.KeysetHandle:
    """Make a keyset of one AES-256-GCM key; Tink draws a random 96-bit nonce a message.

    Such a key may encrypt 2^32 messages (NIST SP 800-38D, 8.3).
    """
    return tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)


def new_prf_keyset() -> tink.KeysetHandle:
    """Make a keyset of one HMAC-SHA-256 key, whose output has up to 32 bytes."""
    return tink.new_keyset_handle(prf.prf_key_templates.HMAC_SHA256)


def aead_of(keyset: tink.KeysetHandle) -> aead.Aead:
    """Return the encryption with a keyset.

    Raises:
        tink.TinkError: its keys are for something else.
    """
    return keyset.primitive(aead.Aead)  # type: ignore[type-abstract]  # a name to Tink, not called


def prf_of(keyset: tink.KeysetHandle) -> prf.Prf:
    """Return the pseudo-random function of a keyset.

    Raises:
        tink.TinkError: its keys are for something else.
    """
    primitives = keyset.primitive(prf.PrfSet)  # type: ignore[type-abstract]  # see `aead_of`
    return primitives.primary()
