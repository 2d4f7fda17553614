"""The key-encryption key in a file of its own, readable by the desk's user alone."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shlex
import stat
from typing import TYPE_CHECKING

import tink
from tink import json_proto_keyset_format, secret_key_access

from certdesk.vault import KeyFileMissing, KeyFileUnusable
from certdesk.vault.primitives import aead_of, new_aead_keyset, register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tink.aead import Aead

FILE_MODE = 0o400
FOLDER_MODE = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class LocalKeyset:
    """A Tink keyset of AES-256-GCM keys in a JSON file, in clear text: the file is the secret."""

    def __init__(self, path: Path, keyset: tink.KeysetHandle) -> None:
        """Hold the keyset that was read from `path`; use `open` to make one."""
        self._path = path
        self._keyset = keyset
        self._aead = aead_of(keyset)

    @classmethod
    def open(cls, path: Path, *, create: bool) -> LocalKeyset:
        """Read the key file at `path`, or create it if it is missing and `create` is true.

        A new file has mode 0400 and is created atomically, even if two processes do so at once.
        Missing folders above it are created with mode 0700.

        Raises:
            KeyFileMissing: it is missing and `create` is false.
            KeyFileUnusable: it is readable by others, unreadable, or holds no AEAD keyset.
        """
        register()
        with _worded(path):
            if create:
                _create(path)
            return cls(path, _parse(path, _read(path)))

    @property
    def name(self) -> str:
        """The name of the key in messages."""
        return f"key file {self._path}"

    def aead(self) -> Aead:
        """Return the encryption with the primary key; it decrypts with any key of the file."""
        return self._aead

    def describe(self) -> dict[str, str]:
        """Return provider, location and key ids; nothing secret."""
        keys = self._keyset.keyset_info()
        return {
            "provider": "local keyset",
            "location": str(self._path),
            "keys": ", ".join(str(key.key_id) for key in keys.key_info),
            "primary": str(keys.primary_key_id),
        }

    def rotate(self) -> None:
        """Add a key to the file and use it from now on; the older ones still decrypt.

        Other processes read the new key when they are restarted. Restart them before anything is
        resealed, since they cannot decrypt with the new key until then.

        Raises:
            KeyFileMissing, KeyFileUnusable: as `open` does; nothing was changed.
        """
        with _worded(self._path):
            file = self._path.resolve(strict=True)  # a link to it stays a link
            with _one_writer(file.parent):
                old = _read(file)
                _parse(file, old)
                text = _with_new_primary(old)
                keyset = _parse(file, text)
                _drop_drafts(file)
                with _draft(file, text) as draft:
                    draft.replace(file)
                _sync(file.parent)
        self._keyset = keyset
        self._aead = aead_of(keyset)


@contextlib.contextmanager
def _worded(path: Path) -> Iterator[None]:
    """Convert an error of the system into a message that says what the operator can do."""
    try:
        yield
    except FileNotFoundError:
        raise KeyFileMissing(
            f"there is no key file at {path}: put the desk's key file back there, or set its "
            "path. Without it, nobody can read what this desk encrypted"
        ) from None
    except OSError as error:
        raise KeyFileUnusable(f"key file {path} cannot be used: {error.strerror}") from error


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        # Check the open file, not the path, which could name another file by now.
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _OTHERS:
            raise KeyFileUnusable(
                f"other users have access to key file {path} (mode {mode:04o}): run `chmod "
                f"{FILE_MODE:04o} {shlex.quote(str(path))}`"
            )
        return file.read()


def _parse(path: Path, text: str) -> tink.KeysetHandle:
    # Raised after the `with`, so that Tink's error, which may quote the key, is not its context.
    with contextlib.suppress(tink.TinkError):
        keyset = json_proto_keyset_format.parse(text, secret_key_access.TOKEN)
        aead_of(keyset)
        return keyset
    raise KeyFileUnusable(
        f"key file {path} does not contain a Tink keyset for AEAD: put the desk's own key file back"
    )


def _new_keyset() -> str:
    return json_proto_keyset_format.serialize(new_aead_keyset(), secret_key_access.TOKEN)


def _with_new_primary(text: str) -> str:
    # Tink has no keyset manager for Python. Parsing refuses the result if two ids are equal.
    keyset, new = json.loads(text), json.loads(_new_keyset())
    keyset["key"] += new["key"]
    keyset["primaryKeyId"] = new["primaryKeyId"]
    return json.dumps(keyset, indent=2)


def _create(path: Path) -> None:
    if not path.exists():
        _make_folders(path.parent)
        with _one_writer(path.parent):
            # A link never replaces a file: if another process was first, its key is the desk's key.
            with _draft(path, _new_keyset()) as draft, contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            _sync(path.parent)
    # If somebody else put the key there, its folder may not be writable for the desk.
    with contextlib.suppress(OSError), _one_writer(path.parent):
        _drop_drafts(path)


def _drop_drafts(path: Path) -> None:
    """Remove drafts of processes that were killed while writing, since they hold keys too."""
    draft = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}")
    for each in path.parent.iterdir():
        if draft.fullmatch(each.name):
            each.unlink()


@contextlib.contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Write `text` durably to a file beside `path`, and remove that file at the end."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _make_folders(folder: Path) -> None:
    # `mkdir(parents=True)` would set the mode of the last folder only.
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=FOLDER_MODE, exist_ok=True)
        _sync(each.parent)


@contextlib.contextmanager
def _one_writer(folder: Path) -> Iterator[None]:
    """Keep other processes from replacing the key file, which would lose a key."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Make the names in `folder` durable; a file's own fsync does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
