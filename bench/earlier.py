"""The same desk at an earlier commit, which answers in turn with today's: `--before COMMIT`."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.running import RunningDesk

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def earlier_desk(folder: Path, commit: str, settings: str) -> Iterator[RunningDesk]:
    """Run the desk of a commit on files in `folder`, with the packages of today's environment.

    Raises:
        subprocess.CalledProcessError: git has no such commit.
    """
    source = _source_of(commit, folder.with_name(f"{folder.name}-source"))
    code = ["env", f"PYTHONPATH={os.fspath(source)}"]
    # Its number of threads is the usual one. Where a setting of `http` is given, those are left out
    # by which desks of tests go without limits, and which an earlier desk does not know.
    desk = RunningDesk(folder, settings=f"http.threads = 4\n{settings}", under=code)
    try:
        desk.start()
        yield desk
    finally:
        desk.stop()


def _source_of(commit: str, folder: Path) -> Path:
    """Write the code of a commit to a folder; give the place that Python imports from."""
    git = shutil.which("git") or "git"
    archive = subprocess.run(
        [git, "archive", "--format=tar", commit, "src"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder / "src"
