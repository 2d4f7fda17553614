"""The vault on Google Tink: data keys for each account, sealed by the key-encryption key.

The key-encryption key, which may be remote, is used once an account, not once a value. To erase an
account's sealed keyset is to erase all that the account ever sealed, as soon as the processes that
hold the keyset unsealed have ended.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec
import tink
from tink import proto_keyset_format
from tink.aead import Aead
from tink.prf import Prf

from certdesk.domain.values.secret import Secret
from certdesk.ports import Place, VaultError
from certdesk.vault import KeyEncryption, WrongKey
from certdesk.vault.primitives import aead_of, new_aead_keyset, new_prf_keyset, prf_of, register

if TYPE_CHECKING:
    from collections.abc import Callable

FINGERPRINT_BYTES = 32


class _SealedKeyset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account's keyset as it is stored: two encrypted Tink keysets as base64 in JSON."""

    values: bytes
    """The AEAD keyset for values, sealed by the key-encryption key."""
    fingerprint: bytes
    """The PRF keyset for fingerprints, sealed by the keyset for values."""


_SEALED_KEYSET = msgspec.json.Decoder(_SealedKeyset)


@dataclasses.dataclass(frozen=True, slots=True)
class _DataKeys:
    """An account's keys, ready for use."""

    values: Aead = dataclasses.field(repr=False)
    fingerprint: Prf = dataclasses.field(repr=False)


class TinkVault:
    """A vault that seals values with AES-256-GCM and fingerprints them with HMAC-SHA-256.

    It may be used from several threads: if two of them unseal a data key at once, both get the same
    key, and setting it in a dictionary is atomic. No lock is held while `keysets` runs.
    """

    def __init__(self, kek: KeyEncryption, keysets: Callable[[str], bytes | None]) -> None:
        """Use `kek`, and read the stored keyset of an account (or of `DESK`) by `keysets`.

        `keysets` reads the store, so seal and open outside transactions.
        """
        register()
        self._kek = kek
        self._keysets = keysets
        self._known: dict[str, _DataKeys] = {}
        # Made here, and not yet seen in the store.
        self._fresh: dict[str, tuple[bytes, _DataKeys]] = {}

    def new_keyset(self, uin: str) -> bytes:
        """Make the data keys of a new account, sealed for its record, and cache them.

        They are used until the store has a keyset for `uin`. If that is another one (another
        process was faster, or a transaction was rolled back), they are dropped, so nothing is ever
        sealed with keys that are not stored.

        Raises:
            VaultError: the key-encryption key cannot be used.
        """
        values, fingerprint = new_aead_keyset(), new_prf_keyset()
        sealed = self._sealed(uin, values, fingerprint)
        self._fresh[uin] = sealed, _ready(values, fingerprint)
        return sealed

    def seal(self, value: Secret, place: Place) -> bytes:
        """Encrypt `value` so that it opens at `place` only.

        Raises:
            VaultError: the account has no keyset, or it cannot be decrypted.
        """
        keys = self._keys(place.uin)
        try:
            return keys.values.encrypt(value.reveal(), _label(*_address(place)))
        except tink.TinkError as error:
            raise VaultError(f"{_words(place)} cannot be encrypted") from error

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Decrypt a value sealed for `place`.

        Raises:
            VaultError: it was not sealed there, or the account's keyset cannot be decrypted.
        """
        keys = self._keys(place.uin)
        try:
            return Secret(keys.values.decrypt(sealed, _label(*_address(place))))
        except tink.TinkError as error:
            raise VaultError(
                f"{_words(place)} cannot be decrypted: it was altered, or encrypted for "
                "another place"
            ) from error

    def fingerprint(self, uin: str, value: bytes) -> bytes:
        """Return 32 bytes that are equal for equal values of an account and reveal nothing else.

        Raises:
            VaultError: the account has no keyset, or it cannot be decrypted.
        """
        keys = self._keys(uin)
        try:
            return keys.fingerprint.compute(value, FINGERPRINT_BYTES)
        except tink.TinkError as error:
            raise VaultError(f"fingerprint for account {uin} cannot be computed") from error

    def describe(self) -> dict[str, str]:
        """Return `provider`, `location`, `keys` and `primary` of the key-encryption key."""
        return self._kek.describe()

    def reseal_keyset(self, uin: str, sealed: bytes) -> bytes:
        """Reseal a stored keyset with the primary key, after a rotation.

        The data keys do not change, so no value has to be resealed.

        Raises:
            VaultError: it is not the keyset of `uin`.
        """
        values, fingerprint = self._unsealed(uin, sealed)
        return self._sealed(uin, values, fingerprint)

    def check_value(self) -> bytes:
        """Return bytes to store with the data, by which the right key can be recognised.

        Raises:
            VaultError: the key-encryption key cannot be used.
        """
        try:
            return self._kek.aead().encrypt(b"", _label("check value"))
        except tink.TinkError as error:
            raise VaultError(f"nothing can be encrypted with {self._kek.name}") from error

    def verify_check_value(self, value: bytes) -> None:
        """Check that `value` was made by `check_value` with this key-encryption key.

        Raises:
            WrongKey: it was made with another one.
            VaultError: the key-encryption key cannot be reached.
        """
        try:
            self._kek.aead().decrypt(value, _label("check value"))
        except tink.TinkError as error:
            raise WrongKey(
                f"{self._kek.name} is not the key with which this desk's data was encrypted: "
                "put the right key back, or use the data that belongs to this key"
            ) from error

    def _keys(self, uin: str) -> _DataKeys:
        return self._known.get(uin) or self._load(uin)

    def _load(self, uin: str) -> _DataKeys:
        stored = self._keysets(uin)
        fresh_sealed, fresh = self._fresh.get(uin, (None, None))
        if stored is None:
            if fresh is None:
                raise VaultError(f"account {uin} has no keyset")
            return fresh
        if fresh is None or stored != fresh_sealed:
            fresh = _ready(*self._unsealed(uin, stored))
        self._fresh.pop(uin, None)
        return self._known.setdefault(uin, fresh)

    def _sealed(self, uin: str, values: tink.KeysetHandle, fingerprint: tink.KeysetHandle) -> bytes:
        inner, outer = aead_of(values), self._kek.aead()
        try:
            return msgspec.json.encode(
                _SealedKeyset(
                    values=proto_keyset_format.serialize_encrypted(
                        values, outer, _label("keyset", uin)
                    ),
                    fingerprint=proto_keyset_format.serialize_encrypted(
                        fingerprint, inner, _label("fingerprint", uin)
                    ),
                )
            )
        except tink.TinkError as error:
            raise VaultError(
                f"the keyset of account {uin} cannot be encrypted with {self._kek.name}"
            ) from error

    def _unsealed(self, uin: str, sealed: bytes) -> tuple[tink.KeysetHandle, tink.KeysetHandle]:
        try:
            parts = _SEALED_KEYSET.decode(sealed)
            values = proto_keyset_format.parse_encrypted(
                parts.values, self._kek.aead(), _label("keyset", uin)
            )
            fingerprint = proto_keyset_format.parse_encrypted(
                parts.fingerprint, aead_of(values), _label("fingerprint", uin)
            )
        except (tink.TinkError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise VaultError(
                f"the keyset of account {uin} cannot be decrypted with {self._kek.name}: it "
                "was altered, belongs to another account, or was encrypted with another key"
            ) from error
        return values, fingerprint


def _ready(values: tink.KeysetHandle, fingerprint: tink.KeysetHandle) -> _DataKeys:
    return _DataKeys(values=aead_of(values), fingerprint=prf_of(fingerprint))


def _label(*parts: str) -> bytes:
    """Encode `parts` as associated data, so that different parts never give the same bytes.

    This must never change, or nothing could be decrypted any more; so it is written out here. Each
    part is its length in four bytes, then UTF-8.
    """
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _address(place: Place) -> tuple[str, str, str, str]:
    return place.table, place.row, place.uin, place.column


def _words(place: Place) -> str:
    return f"{place.table}.{place.column} of {place.row} (account {place.uin})"
