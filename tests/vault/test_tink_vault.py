from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest
import tink
from tink.aead import Aead

from certdesk.domain.values.secret import Secret
from certdesk.ports import DESK, Place, VaultError
from certdesk.vault import KeyEncryption, WrongKey
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Place(uin=DESK, table="key_stock", row="7", column="sealed")


@pytest.fixture
def kek(tmp_path: Path) -> LocalKeyset:
    """The key file that the data of a test is encrypted with."""
    return LocalKeyset.open(tmp_path / "kek.json", create=True)


@pytest.fixture
def other_kek(tmp_path: Path) -> LocalKeyset:
    """A good key file that belongs to another desk."""
    return LocalKeyset.open(tmp_path / "other.json", create=True)


def vault_on(kek: KeyEncryption, stored: dict[str, bytes] | None = None) -> TinkVault:
    """A vault on these stored keysets."""
    return TinkVault(kek, (stored or {}).get)


def test_the_check_value_tells_the_right_key(kek: LocalKeyset) -> None:
    """A desk that starts with its own key file goes on."""
    value = vault_on(kek).check_value()
    vault_on(kek).verify_check_value(value)


def test_a_wrong_key_file_is_refused_at_start_up_by_name(
    kek: LocalKeyset, other_kek: LocalKeyset, tmp_path: Path
) -> None:
    """The message names the file and says what to do."""
    value = vault_on(kek).check_value()
    with pytest.raises(WrongKey) as refused:
        vault_on(other_kek).verify_check_value(value)
    assert str(refused.value).startswith(
        f"key file {tmp_path / 'other.json'} is not the key with which this "
        "desk's data was encrypted: put the right key back"
    )


@pytest.mark.parametrize("value", [b"", b"x", b"\x01" * 40])
def test_what_is_no_check_value_is_refused(kek: LocalKeyset, value: bytes) -> None:
    """An emptied or overwritten check value stops the desk like a wrong key."""
    with pytest.raises(WrongKey):
        vault_on(kek).verify_check_value(value)


def test_a_keyset_is_no_check_value(kek: LocalKeyset) -> None:
    """What the key sealed for one use does not pass for another."""
    vault = vault_on(kek)
    check = vault.check_value()
    with pytest.raises(VaultError):
        vault_on(kek, {DESK: check}).seal(Secret("x"), PLACE)
    with pytest.raises(WrongKey):
        vault.verify_check_value(vault.new_keyset(DESK))


def test_a_keyset_that_another_key_sealed_is_refused_by_the_files_name(
    kek: LocalKeyset, other_kek: LocalKeyset, tmp_path: Path
) -> None:
    """Whoever reads the log sees which file was tried."""
    stored = {DESK: vault_on(kek).new_keyset(DESK)}
    with pytest.raises(VaultError, match=f"key file {tmp_path / 'other.json'}"):
        vault_on(other_kek, stored).seal(Secret("x"), PLACE)


def test_after_a_rotation_keysets_are_sealed_anew_and_values_are_not(
    kek: LocalKeyset, tmp_path: Path
) -> None:
    """Everything opens before, between and after; in the end the old key is not needed."""
    vault = vault_on(kek)
    check, keyset = vault.check_value(), vault.new_keyset(DESK)
    sealed = vault.seal(Secret("a key"), PLACE)
    before = LocalKeyset.open(tmp_path / "kek.json", create=False)
    kek.rotate()
    vault.verify_check_value(check)
    assert vault_on(kek, {DESK: keyset}).open(sealed, PLACE) == Secret("a key")
    resealed = vault.reseal_keyset(DESK, keyset)
    assert vault_on(kek, {DESK: resealed}).open(sealed, PLACE) == Secret("a key")
    with pytest.raises(VaultError):
        vault_on(before, {DESK: resealed}).open(sealed, PLACE)


def test_a_keyset_is_sealed_anew_for_its_own_account_only(kek: LocalKeyset) -> None:
    """A swapped keyset does not become good by a rotation."""
    vault = vault_on(kek)
    with pytest.raises(VaultError, match="100000000001"):
        vault.reseal_keyset("100000000001", vault.new_keyset(DESK))


def test_the_keyset_is_read_and_unsealed_once_an_account(kek: LocalKeyset) -> None:
    """A remote key-encryption key is asked per account, not per value."""
    stored = {DESK: vault_on(kek).new_keyset(DESK)}
    reads: list[str] = []

    def keysets(uin: str) -> bytes | None:
        reads.append(uin)
        return stored.get(uin)

    vault = TinkVault(kek, keysets)
    for _ in range(5):
        vault.open(vault.seal(Secret("x"), PLACE), PLACE)
        vault.fingerprint(DESK, b"x")
    assert reads == [DESK]


class SpentKey(Aead):
    """A remote key that answers with an error of Tink's."""

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Refuse."""
        raise tink.TinkError("quota", len(plaintext), len(associated_data))

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        """Refuse."""
        raise tink.TinkError("quota", len(ciphertext), len(associated_data))


class SpentProvider:
    """A provider of such a key."""

    name = "transit key certdesk"

    def aead(self) -> Aead:
        """Give the key."""
        return SpentKey()

    def describe(self) -> dict[str, str]:
        """Tell about the key."""
        return {"provider": "transit", "location": "vault.example.test"}


def test_a_key_that_fails_is_a_vault_error_that_names_it() -> None:
    """No error of Tink's gets out."""
    vault = vault_on(SpentProvider())
    with pytest.raises(VaultError, match="transit key certdesk"):
        vault.new_keyset(DESK)
    with pytest.raises(VaultError, match="transit key certdesk"):
        vault.check_value()


def test_no_data_key_is_printed(kek: LocalKeyset) -> None:
    """Neither the vault nor its errors hold a keyset in clear."""
    vault = vault_on(kek)
    keyset = vault.new_keyset(DESK)
    with pytest.raises(VaultError) as refused:
        vault_on(kek, {"100000000001": keyset}).fingerprint("100000000001", b"x")
    shown = "".join(traceback.format_exception(refused.value)) + repr(vault) + repr(vars(vault))
    for clear in ("AesGcmKey {", "key_data", "keyData", "_DataKeys(values"):
        assert clear not in shown
