"""Keys at rest: data keys an account, sealed by the desk's one key-encryption key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from certdesk.ports import VaultError

if TYPE_CHECKING:
    from tink.aead import Aead


class KeyFileMissing(VaultError):
    """There is no key file where one has to be."""


class KeyFileUnusable(VaultError):
    """The key file is readable by others, cannot be read, or holds something else."""


class WrongKey(VaultError):
    """The key-encryption key is not the one that this desk's data was encrypted with."""


class KeyEncryption(Protocol):
    """A provider of the key-encryption key, which seals data keys and nothing else."""

    @property
    def name(self) -> str:
        """What messages call the key, such as `key file /etc/certdesk/kek.json`."""
        ...

    def aead(self) -> Aead:
        """Return the encryption with that key; it honours associated data.

        It raises `tink.TinkError` for what does not open, and a `VaultError` with its reason
        where the key cannot be reached.
        """
        ...

    def describe(self) -> dict[str, str]:
        """Tell `provider`, `location`, `keys` (ids) and `primary` (its id); nothing secret."""
        ...
