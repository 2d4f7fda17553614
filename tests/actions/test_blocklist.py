"""Keys that the operator blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from certdesk.domain.errors import InvalidParam
from tests.inside import InsideDesk

ONE, TWO = "a1" * 32, "b2" * 32


@pytest.fixture
def desk(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


def test_a_key_is_blocked_once_however_its_digest_is_written(desk: InsideDesk) -> None:
    """Letter case aside, within a list and between lists."""
    first = desk.operator("BlockKeys", Digests=[ONE, ONE.upper(), TWO], Reason="lost")
    assert first == {"Blocked": 2, "CertificateIds": []}
    assert desk.operator("BlockKeys", Digests=[TWO.upper()], Reason="stolen")["Blocked"] == 0


def test_a_blocked_key_keeps_its_first_reason(desk: InsideDesk) -> None:
    """Why it was blocked, or null for a key that is not."""
    desk.operator("BlockKeys", Digests=[ONE], Reason="lost")
    desk.operator("BlockKeys", Digests=[ONE], Reason="stolen")
    none: dict[str, object] = {
        "TotalCount": 1,
        "Reason": None,
        "Compromised": False,
        "CertificateIds": [],
        "Uins": [],
    }
    assert desk.operator("CountBlockedKeys", Digest=ONE) == none | {"Reason": "lost"}
    assert desk.operator("CountBlockedKeys", Digest=TWO) == none
    assert desk.operator("CountBlockedKeys") == none


@pytest.mark.parametrize(
    "digest", ["a1", ONE + "a1", "z" * 64, "not a digest", f"{ONE[:32]} {ONE[32:]}"]
)
def test_what_is_no_digest_blocks_nothing(desk: InsideDesk, digest: str) -> None:
    """Not even the good ones of the same list."""
    with pytest.raises(InvalidParam, match="is not a SHA-256 digest in hexadecimal"):
        desk.operator("BlockKeys", Digests=[ONE, digest], Reason="lost")
    assert desk.operator("CountBlockedKeys")["TotalCount"] == 0


def test_blocking_leaves_an_audit_row(desk: InsideDesk) -> None:
    """How many, and why."""
    desk.operator("BlockKeys", Digests=[ONE, TWO], Reason="lost")
    (entry,) = desk.audit("blocklist")
    assert (entry.actor, entry.detail) == ("operator", "2 keys: lost")
