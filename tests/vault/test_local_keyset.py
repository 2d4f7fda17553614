from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import tink
from tink import json_proto_keyset_format, prf, secret_key_access

from certdesk.vault import KeyFileMissing, KeyFileUnusable
from certdesk.vault.local_keyset import LocalKeyset

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the key file of a test lies."""
    return tmp_path / "kek.json"


def mode(path: Path) -> int:
    """The permission bits of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def key_material(path: Path) -> list[str]:
    """The secret parts of a key file, as they are written in it."""
    return [key["keyData"]["value"] for key in json.loads(path.read_text())["key"]]


def opens(sealed_by: LocalKeyset, opened_by: LocalKeyset) -> bool:
    """Tell whether one reading of a key file opens what another one sealed."""
    sealed = sealed_by.aead().encrypt(b"data keys", b"account")
    try:
        return opened_by.aead().decrypt(sealed, b"account") == b"data keys"
    except tink.TinkError:
        return False


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_key_file_is_for_its_owner_alone_whatever_the_umask(path: Path, umask: int) -> None:
    """The file has mode 0400."""
    before = os.umask(umask)
    try:
        LocalKeyset.open(path, create=True)
    finally:
        os.umask(before)
    assert mode(path) == 0o400


def test_missing_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    """Each folder that had to be made has mode 0700; those that were there keep theirs."""
    tmp_path.chmod(0o755)
    LocalKeyset.open(tmp_path / "etc" / "certdesk" / "kek.json", create=True)
    assert mode(tmp_path / "etc") == 0o700
    assert mode(tmp_path / "etc" / "certdesk") == 0o700
    assert mode(tmp_path) == 0o755


def test_nothing_but_the_key_file_is_left_in_its_folder(path: Path) -> None:
    """What the file was written through is gone after making and after rotating."""
    LocalKeyset.open(path, create=True).rotate()
    assert list(path.parent.iterdir()) == [path]


def test_the_key_is_the_same_when_it_is_opened_again(path: Path) -> None:
    """The second opening reads the file, also where it may make one."""
    first = LocalKeyset.open(path, create=True)
    assert opens(first, LocalKeyset.open(path, create=True))
    assert opens(first, LocalKeyset.open(path, create=False))


def test_two_key_files_hold_different_keys(tmp_path: Path) -> None:
    """A key is made by chance, not from the path."""
    one = LocalKeyset.open(tmp_path / "one.json", create=True)
    other = LocalKeyset.open(tmp_path / "other.json", create=True)
    assert not opens(one, other)


def test_processes_that_make_the_file_at_once_all_get_the_same_key(path: Path) -> None:
    """The first one's file is never replaced by a later one's."""
    start = threading.Barrier(8)

    def open_at_once(_: int) -> LocalKeyset:
        start.wait()
        return LocalKeyset.open(path, create=True)

    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(open_at_once, range(8)))
    assert all(opens(opened[0], other) for other in opened)


def test_an_absent_file_is_not_made_unless_that_is_asked_for(path: Path) -> None:
    """A new key for old data would only hide that the right one is gone."""
    with pytest.raises(KeyFileMissing) as missing:
        LocalKeyset.open(path, create=False)
    assert str(path) in str(missing.value)
    assert "put the desk's key file back there" in str(missing.value)
    assert not path.exists()


@pytest.mark.parametrize("wide", [0o440, 0o404, 0o600 | 0o020, 0o644, 0o401])
def test_a_file_that_is_open_to_others_is_refused_with_the_command_that_mends_it(
    path: Path, wide: int
) -> None:
    """Who else could read it is told by its mode; `chmod 0400` makes it good again."""
    LocalKeyset.open(path, create=True)
    path.chmod(wide)
    with pytest.raises(KeyFileUnusable) as refused:
        LocalKeyset.open(path, create=False)
    assert f"mode {wide:04o}" in str(refused.value)
    assert f"`chmod 0400 {path}`" in str(refused.value)
    path.chmod(0o400)
    LocalKeyset.open(path, create=False)


def test_the_command_that_mends_it_may_be_pasted_for_any_path(tmp_path: Path) -> None:
    """A blank in the path is quoted."""
    path = tmp_path / "my keys" / "kek.json"
    LocalKeyset.open(path, create=True)
    path.chmod(0o644)
    with pytest.raises(KeyFileUnusable) as refused:
        LocalKeyset.open(path, create=False)
    subprocess.run(["sh", "-c", str(refused.value).split("`")[1]], check=True)  # noqa: S607  # any sh
    LocalKeyset.open(path, create=False)


def prf_keyset() -> str:
    """A good keyset that is for something else."""
    prf.register()
    keyset = tink.new_keyset_handle(prf.prf_key_templates.HMAC_SHA256)
    return json_proto_keyset_format.serialize(keyset, secret_key_access.TOKEN)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff\x00\xfe", b"[" * 100_000, prf_keyset().encode()],
    ids=["empty", "no keys", "a list", "not text", "nested", "a keyset for something else"],
)
def test_a_file_that_is_no_key_file_is_refused_by_name(path: Path, content: bytes) -> None:
    """The message names the file, and nothing is written over it."""
    path.write_bytes(content)
    path.chmod(0o400)
    with pytest.raises(KeyFileUnusable, match="does not contain a Tink keyset"):
        LocalKeyset.open(path, create=True)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_refused_with_the_reason(path: Path) -> None:
    """What the system said is passed on."""
    path.mkdir(mode=0o700)
    with pytest.raises(KeyFileUnusable, match="Is a directory"):
        LocalKeyset.open(path, create=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value": "', '"value": ""'),
        ('"value": "', '"'),
        ('"value"', '"values"'),
        ("AesGcmKey", "AesGcmKeys"),
    ],
    ids=["two values", "a colon less", "no value", "another kind"],
)
def test_a_damaged_key_file_is_refused_without_showing_the_key(
    path: Path, old: str, new: str
) -> None:
    """Tink's own error may quote the file, so it is not passed on."""
    LocalKeyset.open(path, create=True)
    (key,) = key_material(path)
    path.chmod(0o600)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(KeyFileUnusable) as refused:
        LocalKeyset.open(path, create=False)
    assert key not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_it_is_described_without_the_key(path: Path) -> None:
    """An operator sees provider, place and key numbers."""
    keyset = LocalKeyset.open(path, create=True)
    number = str(json.loads(path.read_text())["primaryKeyId"])
    assert keyset.describe() == {
        "provider": "local keyset",
        "location": str(path),
        "keys": number,
        "primary": number,
    }
    assert keyset.name == f"key file {path}"
    (key,) = key_material(path)
    assert key not in repr(keyset)


def test_a_rotated_file_seals_with_the_new_key_and_opens_with_both(path: Path) -> None:
    """What the old key sealed still opens; a process with the old file alone cannot open more."""
    keyset, before = LocalKeyset.open(path, create=True), LocalKeyset.open(path, create=False)
    keyset.rotate()
    after = LocalKeyset.open(path, create=False)
    assert opens(before, after)
    assert opens(before, keyset)
    assert opens(keyset, after)
    assert not opens(after, before)
    assert len(set(key_material(path))) == 2
    assert keyset.describe() == after.describe()
    assert keyset.describe()["primary"] != before.describe()["primary"]
    assert mode(path) == 0o400


def test_processes_that_rotate_at_once_lose_no_key(path: Path) -> None:
    """Each rotation starts from what the one before it wrote."""
    original, start = LocalKeyset.open(path, create=True), threading.Barrier(8)

    def rotate_at_once(_: int) -> LocalKeyset:
        keyset = LocalKeyset.open(path, create=False)
        start.wait()
        keyset.rotate()
        return keyset

    with ThreadPoolExecutor(8) as threads:
        rotated = list(threads.map(rotate_at_once, range(8)))
    after = LocalKeyset.open(path, create=False)
    assert all(opens(keyset, after) for keyset in (original, *rotated))
    assert len(key_material(path)) == 9


def test_rotating_through_a_link_changes_the_file_it_names(tmp_path: Path) -> None:
    """A key file that was moved and linked to stays where it was moved."""
    real, link = tmp_path / "safe" / "kek.json", tmp_path / "kek.json"
    LocalKeyset.open(real, create=True)
    link.symlink_to(real)
    LocalKeyset.open(link, create=False).rotate()
    assert link.is_symlink()
    assert len(key_material(real)) == 2


@pytest.mark.parametrize("content", [b"{}", b"nothing"])
def test_a_file_that_is_no_key_file_is_not_rotated(path: Path, content: bytes) -> None:
    """A key is only added to keys."""
    keyset = LocalKeyset.open(path, create=True)
    path.chmod(0o600)
    path.write_bytes(content)
    with pytest.raises(KeyFileUnusable):
        keyset.rotate()
    assert path.read_bytes() == content


NO_ROOM = """
import pathlib, resource, sys
from certdesk.vault import KeyFileUnusable
from certdesk.vault.local_keyset import LocalKeyset
path = pathlib.Path(sys.argv[1])
keyset = LocalKeyset.open(path, create=False) if path.exists() else None
resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
try:
    keyset.rotate() if keyset else LocalKeyset.open(path, create=True)
except KeyFileUnusable as error:
    print(error)
"""


KILLED = """
import os, signal, sys
from pathlib import Path
from certdesk.vault.local_keyset import LocalKeyset

path, call, rotating = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "rotating"
keyset = LocalKeyset.open(path, create=True) if rotating else None
setattr(os, call, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
keyset.rotate() if keyset else LocalKeyset.open(path, create=True)
"""


@pytest.mark.parametrize(
    ("call", "what"), [("fsync", "making"), ("unlink", "making"), ("replace", "rotating")]
)
def test_what_a_killed_process_left_is_removed(path: Path, call: str, what: str) -> None:
    """Its draft holds a key, and in the end perhaps the desk's."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), call, what], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [each for each in path.parent.iterdir() if each != path] != []

    keyset = LocalKeyset.open(path, create=True)
    if what == "rotating":
        keyset.rotate()

    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("existing", [False, True], ids=["making", "rotating"])
def test_where_the_file_cannot_be_written_whole_nothing_is_changed(
    path: Path, *, existing: bool
) -> None:
    """A disk that is full after 16 bytes leaves no half key file and no half rotation."""
    if existing:
        LocalKeyset.open(path, create=True)
    before = path.read_bytes() if existing else None
    said = subprocess.run(
        [sys.executable, "-c", NO_ROOM, str(path)], check=True, capture_output=True, text=True
    ).stdout
    assert said == f"key file {path} cannot be used: File too large\n"
    assert [each.read_bytes() for each in path.parent.iterdir()] == ([before] if before else [])
