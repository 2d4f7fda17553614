"""Whether a file or a folder is its owner's alone to change: a rule about owners and modes.

Who may write to a folder may put other files in the place of those in it, and who may write to a
folder above it, another folder. So the rule holds for each on the way from the root (SECURITY.md).
"""

from __future__ import annotations

import dataclasses
import enum
import shlex
import stat
from collections.abc import Callable

SYSTEM_GROUPS = 1000
"""Groups with a smaller number are the system's own, and all their members are known."""


class Part(enum.Enum):
    """What a thing on the way is."""

    ABOVE = "a folder above"
    LINK = "a link on the way, whose mode means nothing"
    FOLDER = "the folder itself"
    FILE = "the file itself"
    SECRET = "the file itself, which others must not read either"  # noqa: S105 -- no password


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or a folder as the system describes it; `mode` has the sticky bit too."""

    path: str
    uid: int
    gid: int
    mode: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of users: its name, if the system knows it, and its members that are known."""

    gid: int
    name: str | None
    members: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """The user of this process, and the other owners who are believed: root, as a rule."""

    uid: int
    name: str
    owners: frozenset[int]
    groups: frozenset[int]


@dataclasses.dataclass(frozen=True, slots=True)
class Unsafe:
    """What is wrong with an entry, and the command that mends it."""

    what: str
    command: str


def fault(entry: Entry, part: Part, own: Self, group_of: Callable[[int], Group]) -> Unsafe | None:
    """Tell why others could change what is at an entry, or None if they could not."""
    path = shlex.quote(entry.path)
    if entry.uid not in own.owners:
        what = (
            f"{entry.path} belongs to another user (uid {entry.uid}); work as that user or, where "
            "it is to be yours"
        )
        return Unsafe(what, f"chown {'-h ' if part is Part.LINK else ''}{own.uid} {path}")
    if part is Part.LINK:
        return None
    # In a folder with the sticky bit, as /tmp, nobody replaces what others have there.
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
    """Whether nobody else is in a group.

    A group of the user's own name is a private one, as systems make it with the user. One that the
    system does not know but this process is in was given to it alone, as `fsGroup` of Kubernetes.
    Of the system's own groups all members are known.
    """
    if group.members - {own.name, "root"}:
        return False
    if group.name is None:
        return group.gid in own.groups
    return group.gid < SYSTEM_GROUPS or group.name == own.name
