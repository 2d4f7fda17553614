"""Keys at rest: data keys for each account, sealed by the desk's one key-encryption key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from certdesk.ports import VaultError

if TYPE_CHECKING:
    from tink.aead import Aead


class KeyFileMissing(VaultError):
    """The key file is missing."""


class KeyFileUnusable(VaultError):
    """The key file is readable by others, cannot be read, or is not a key file."""


class WrongKey(VaultError):
    """The key-encryption key is not the one that encrypted this desk's data."""


class KeyEncryption(Protocol):
    """A provider of the key-encryption key, which seals only data keys."""

    @property
    def name(self) -> str:
        """The name of the key in messages, such as `key file /etc/certdesk/kek.json`."""
        ...

    def aead(self) -> Aead:
        """Return the encryption with the key; it supports associated data.

        It raises `tink.TinkError` for a value that cannot be decrypted, and a `VaultError` with its
        reason if the key cannot be reached.
        """
        ...

    def describe(self) -> dict[str, str]:
        """Return `provider`, `location`, `keys` (ids) and `primary` (its id); nothing secret."""
        ...
