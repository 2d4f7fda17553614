"""Whether only its owner can change a file or a folder: a rule about owners and modes.

A user who may write to a folder can replace the files in it, and one who may write to a folder
above it can replace the folder. So the rule holds for each folder on the way from the root
(SECURITY.md).
"""

from __future__ import annotations

import enum
import shlex
import stat
from collections.abc import Callable

from certdesk.domain.values.record import Record

SYSTEM_GROUPS = 1000
"""Groups with a smaller number belong to the system, and all their members are known."""


class Part(enum.Enum):
    """The part that an entry plays in a path."""

    ABOVE = "a folder above"
    LINK = "a link on the way, whose mode means nothing"
    FOLDER = "the folder itself"
    FILE = "the file itself"
    SECRET = "the file itself, which others must not read either"  # noqa: S105 -- no password


class Entry(Record, kw_only=True):
    """A file or a folder as the system describes it; `mode` includes the sticky bit."""

    path: str
    uid: int
    gid: int
    mode: int


class Group(Record, kw_only=True):
    """A group of users: its name, if the system knows it, and its known members."""

    gid: int
    name: str | None
    members: frozenset[str]


class Self(Record, kw_only=True):
    """The user of this process, and the other owners who are trusted: root, as a rule."""

    uid: int
    name: str
    owners: frozenset[int]
    groups: frozenset[int]


class Unsafe(Record):
    """What is wrong with an entry, and the command that repairs it."""

    what: str
    command: str


def fault(entry: Entry, part: Part, own: Self, group_of: Callable[[int], Group]) -> Unsafe | None:
    """Return why others could change an entry, None if they cannot."""
    path = shlex.quote(entry.path)
    if entry.uid not in own.owners:
        what = (
            f"{entry.path} belongs to another user (uid {entry.uid}). Work as that user or, "
            "to take it over"
        )
        return Unsafe(what, f"chown {'-h ' if part is Part.LINK else ''}{own.uid} {path}")
    if part is Part.LINK:
        return None
    # In a folder with the sticky bit, such as /tmp, nobody can replace the files of others.
    guarded = part is Part.ABOVE and bool(entry.mode & stat.S_ISVTX)
    if entry.mode & stat.S_IWOTH and not guarded:
        what = f"other users may write to {entry.path} (mode {entry.mode:04o})"
        return Unsafe(what, f"chmod go-w {path}")
    if entry.mode & stat.S_IWGRP and not guarded and not _is_private(group_of(entry.gid), own):
        named = group_of(entry.gid).name or entry.gid
        what = f"the group {named} may write to {entry.path} (mode {entry.mode:04o})"
        return Unsafe(what, f"chmod g-w {path}")
    if part is Part.SECRET and entry.mode & stat.S_IROTH:
        what = f"other users may read {entry.path} (mode {entry.mode:04o})"
        return Unsafe(what, f"chmod o-rwx {path}")
    return None


def _is_private(group: Group, own: Self) -> bool:
    """Whether a group has no other members.

    A group with the user's own name is private, as systems create it with the user. A group that
    the system does not know but this process is in was assigned to it alone, like `fsGroup` of
    Kubernetes. Of the system's own groups all members are known.
    """
    if group.members - {own.name, "root"}:
        return False
    if group.name is None:
        return group.gid in own.groups
    return group.gid < SYSTEM_GROUPS or group.name == own.name
