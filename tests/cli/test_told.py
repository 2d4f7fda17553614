"""What a command says of a failure that is the desk's."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tests.running import NO_KEYS_AHEAD, running


def test_an_operator_is_sent_to_the_log_and_to_doctor(tmp_path: Path) -> None:
    """And not to the operator of the desk, as those who use the API are."""
    with running(tmp_path / "desk", settings=NO_KEYS_AHEAD) as desk:
        with contextlib.closing(sqlite3.connect(desk.folder / "certdesk.db")) as database:
            database.execute("ALTER TABLE accounts RENAME TO lost")
            database.commit()
        done = desk.run("account", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("certdesk: InternalError: the desk failed. Its log has the cause")
    assert "under RequestId " in done.stderr
    assert "certdesk doctor" in done.stderr
    assert "operator" not in done.stderr
