"""Checks that other users cannot replace the files that the desk depends on."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from certdesk.domain.operation.places import Entry, Group, Part, Self, fault

MOST_LINKS = 40
WHOLE_RANGE = ["0", "0", "4294967295"]
OVERFLOW = Path("/proc/sys/kernel/overflowuid")
NAMESPACE = Path("/proc/self/uid_map")


class PlaceUnsafe(Exception):
    """Other users may change or read what is the desk's alone; the text says what to run."""


def check_folder(folder: Path, *, also: int | None = None) -> None:
    """Check that no other user may change a folder's content; a missing one will be created.

    The folder may also be owned by the user `also`.

    Raises:
        PlaceUnsafe: another user may.
    """
    _check(folder, Part.FOLDER, also)


def check_file(file: Path, *, secret: bool = False) -> None:
    """Check that no other user may change a file or, if it is `secret`, read it.

    Raises:
        PlaceUnsafe: another user may.
    """
    _check(file, Part.SECRET if secret else Part.FILE, None)


def _check(path: Path, last: Part, also: int | None) -> None:
    try:
        _check_way(path, last, _self(also))
    except FileNotFoundError:
        return
    except OSError as error:
        raise PlaceUnsafe(f"{path} cannot be checked: {error.strerror}") from error


def _check_way(path: Path, last: Part, own: Self) -> None:
    for place, final in _way(path):
        found = place.lstat()
        entry = Entry(
            path=str(place), uid=found.st_uid, gid=found.st_gid, mode=stat.S_IMODE(found.st_mode)
        )
        part = last if final else Part.LINK if stat.S_ISLNK(found.st_mode) else Part.ABOVE
        unsafe = fault(entry, part, own, _group)
        if unsafe is not None:
            raise PlaceUnsafe(f"{unsafe.what}: run `{unsafe.command}`")


def _way(path: Path) -> Iterator[tuple[Path, bool]]:
    """Yield each folder and link on the way to a path, and whether it is the end."""
    here, ahead, links = Path("/"), [*Path(os.path.abspath(path)).parts[1:]], 0  # noqa: PTH100 -- links stay
    yield here, not ahead
    while ahead:
        name = ahead.pop(0)
        if name in (".", ".."):
            here = here.parent if name == ".." else here
            continue
        there = here / name
        if there.is_symlink():
            links += 1
            if links > MOST_LINKS:
                raise PlaceUnsafe(f"{path} leads through more than {MOST_LINKS} links")
            yield there, False
            target = Path(os.readlink(there))  # noqa: PTH115 -- as it is written
            here = Path("/") if target.is_absolute() else here
            ahead = [*target.parts[1 if target.is_absolute() else 0 :], *ahead]
        else:
            here = there
            yield here, not ahead


def _self(also: int | None) -> Self:
    uid = os.geteuid()
    return Self(
        uid=uid,
        name=_name(uid),
        owners=frozenset({0, uid, *_outside(), *([] if also is None else [also])}),
        groups=frozenset({os.getegid(), *os.getgroups()}),
    )


def _outside() -> list[int]:
    """Return the ids that stand for owners outside this user namespace, the host's root included.

    No process inside can be that user, and the outside controls the files anyway.
    """
    try:
        if NAMESPACE.read_text("ascii").split() == WHOLE_RANGE:
            return []
        return [int(OVERFLOW.read_text("ascii"))]
    except (OSError, ValueError):
        return []


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _group(gid: int) -> Group:
    """Read the members of a group, as far as the system knows them."""
    try:
        known = grp.getgrgid(gid)
    except KeyError:
        return Group(gid=gid, name=None, members=_with_primary(gid))
    return Group(gid=gid, name=known.gr_name, members=_with_primary(gid) | {*known.gr_mem})


def _with_primary(gid: int) -> frozenset[str]:
    return frozenset(each.pw_name for each in pwd.getpwall() if each.pw_gid == gid)
