"""The opening of the vault with the key file, and whether its data are a sandbox's."""

from __future__ import annotations

from pathlib import Path

from certdesk.domain.values.mark import Mark
from certdesk.ports import DESK, NamedLocks, Store, Unit
from certdesk.settings import Settings, SettingsError, without_password
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault

KEY_FILE_NAME = "kek.json"
CHECK_MARK = "vault check"
KEYSET_MARK = "desk keyset"
PURPOSE_MARK = "purpose"
SANDBOX = "sandbox"
FIRST_START = "first start"
"""The lock of the process that makes the keys of a new desk."""


def open_vault(settings: Settings, store: Store, locks: NamedLocks, *, sandbox: bool) -> TinkVault:
    """Open the key-encryption key that sealed the data, or create a new one.

    A new one is for a sandbox or a desk, as wanted.

    Raises:
        VaultError: the key file is missing, unusable, or has another key.
    """
    key_path = key_file(settings)
    if store.read(_check) is None:
        # If two processes start at once, the second finds what the first has created.
        with locks.hold(FIRST_START):
            if store.read(_check) is None:
                return _begin(store, key_path, purpose=SANDBOX if sandbox else "desk")
    vault = _vault(store, LocalKeyset.open(key_path, create=False))
    check = store.read(_check)
    assert check is not None  # noqa: S101 - marks are never removed
    vault.verify_check_value(check.value)
    return vault


def is_sealed(store: Store) -> bool:
    """Return whether a database belongs to a desk: it then has a key-encryption key."""
    return store.read(_check) is not None


def key_file(settings: Settings) -> Path:
    """Return the file of the key-encryption key."""
    return Path(settings.vault_key_file or settings.folder / KEY_FILE_NAME)


def is_sandbox(store: Store, settings: Settings, *, wanted: bool | None) -> bool:
    """Return whether the data are a sandbox's.

    Raises:
        SettingsError: they are not as wanted.
    """
    mark = store.read(lambda unit: unit.marks.get(PURPOSE_MARK))
    found = mark is not None and mark.value == SANDBOX.encode()
    if wanted is not None and wanted is not found:
        one, other = ("sandbox", "desk") if found else ("desk", "sandbox")
        place = without_password(settings.database) or settings.folder
        raise SettingsError(f"data: {place} belongs to a {one}; a {other} needs its own data")
    return found


def _begin(store: Store, key_path: Path, *, purpose: str) -> TinkVault:
    vault = _vault(store, LocalKeyset.open(key_path, create=True))
    marks = (
        Mark(name=CHECK_MARK, value=vault.check_value()),
        Mark(name=KEYSET_MARK, value=vault.new_keyset(DESK)),
        Mark(name=PURPOSE_MARK, value=purpose.encode()),
    )
    store.write(lambda unit: [unit.marks.add(mark) for mark in marks])
    return vault


def _vault(store: Store, kek: LocalKeyset) -> TinkVault:
    return TinkVault(kek, lambda uin: store.read(lambda unit: _keyset(unit, uin)))


def _check(unit: Unit) -> Mark | None:
    return unit.marks.get(CHECK_MARK)


def _keyset(unit: Unit, uin: str) -> bytes | None:
    if uin == DESK:
        mark = unit.marks.get(KEYSET_MARK)
        return mark.value if mark else None
    account = unit.accounts.get(uin)
    return account.keyset if account else None
