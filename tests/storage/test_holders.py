"""Which processes that hold places in the rate limit have ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from certdesk.storage.postgresql.holders import has_ended, name_of, own_name
from tests.postgres import wait_until


def test_a_process_that_runs_has_not_ended() -> None:
    """Neither has one whose name is of another machine."""
    assert not has_ended(own_name())
    assert not has_ended("elsewhere/1/2")


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_a_process_has_ended_even_if_its_parent_has_not_asked_for_it() -> None:
    """After a kill of a desk its processes may stay in the table of processes for a while."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        name, stat = name_of(child.pid), Path(f"/proc/{child.pid}/stat")
        assert not has_ended(name)
        child.kill()
        wait_until(lambda: ") Z " in stat.read_text())
        assert has_ended(name)
    assert has_ended(name)
