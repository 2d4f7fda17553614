"""Whose a file or a folder is to change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.operation.places import Entry, Group, Part, Self, fault

DESK = Self(uid=990, name="desk", owners=frozenset({0, 990}), groups=frozenset({990, 7000}))
GROUPS = {
    0: Group(gid=0, name="root", members=frozenset({"root"})),
    50: Group(gid=50, name="staff", members=frozenset()),
    100: Group(gid=100, name="users", members=frozenset({"desk", "eve"})),
    990: Group(gid=990, name="desk", members=frozenset({"desk"})),
    7000: Group(gid=7000, name=None, members=frozenset()),
    7001: Group(gid=7001, name=None, members=frozenset()),
    9000: Group(gid=9000, name="domain users", members=frozenset()),
}


def found(part: Part, mode: int, uid: int = 990, gid: int = 990) -> str | None:
    """Give the command for what is wrong with an entry, if anything is."""
    entry = Entry(path="/srv/a desk", uid=uid, gid=gid, mode=mode)
    unsafe = fault(entry, part, DESK, GROUPS.__getitem__)
    return unsafe.command if unsafe else None


@pytest.mark.parametrize(
    ("part", "mode", "command"),
    [
        (Part.FOLDER, 0o700, None),
        (Part.FOLDER, 0o755, None),
        (Part.FOLDER, 0o777, "chmod go-w '/srv/a desk'"),
        (Part.FOLDER, 0o702, "chmod go-w '/srv/a desk'"),
        (Part.FOLDER, 0o1777, "chmod go-w '/srv/a desk'"),
        (Part.ABOVE, 0o755, None),
        (Part.ABOVE, 0o777, "chmod go-w '/srv/a desk'"),
        (Part.ABOVE, 0o1777, None),
        (Part.FILE, 0o644, None),
        (Part.FILE, 0o646, "chmod go-w '/srv/a desk'"),
        (Part.SECRET, 0o640, None),
        (Part.SECRET, 0o644, "chmod o-rwx '/srv/a desk'"),
    ],
)
def test_others_neither_write_nor_read_a_secret(part: Part, mode: int, command: str | None) -> None:
    """In a folder above, the sticky bit keeps others from what is not theirs."""
    assert found(part, mode) == command


@pytest.mark.parametrize(
    ("gid", "good"),
    [(990, True), (0, True), (50, True), (7000, True), (100, False), (7001, False), (9000, False)],
)
def test_a_group_may_write_where_nobody_else_is_in_it(gid: int, *, good: bool) -> None:
    """The user's own, an empty one of the system, or one that this process alone was given."""
    expected = None if good else "chmod g-w '/srv/a desk'"
    assert found(Part.FOLDER, 0o2770, gid=gid) == expected
    assert found(Part.ABOVE, 0o775, gid=gid) == expected
    assert found(Part.ABOVE, 0o1775, gid=gid) is None


@pytest.mark.parametrize("part", Part)
def test_another_users_is_refused_whatever_its_mode(part: Part) -> None:
    """Its owner may give it any mode at any time; root may anyway."""
    itself = "-h " if part is Part.LINK else ""
    assert found(part, 0o500, uid=1000) == f"chown {itself}990 '/srv/a desk'"
    assert found(part, 0o500, uid=0) is None


@given(
    part=st.sampled_from(Part),
    mode=st.integers(0, 0o7777),
    uid=st.sampled_from([0, 990, 1000]),
    gid=st.sampled_from(sorted(GROUPS)),
)
def test_what_passes_is_writable_for_nobody_else(part: Part, mode: int, uid: int, gid: int) -> None:
    """But for links, and for what lies in a sticky folder above, which is looked at by itself."""
    if found(part, mode, uid, gid) is None:
        assert uid in (0, 990)
        assert not mode & 0o002 or part is Part.LINK or (part is Part.ABOVE and mode & 0o1000)
        assert not (part is Part.SECRET and mode & 0o004)
