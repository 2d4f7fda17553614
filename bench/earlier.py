"""The code of an earlier commit, whose desk answers in turn with today's: `--before COMMIT`."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BASELINE = "1648952"
"""The commit at which the hot path was taken apart, and from which its aims are measured."""


def source_of(commit: str, folder: Path) -> Path | None:
    """Write the code of a commit to a folder; return the place that Python imports from.

    There is none where git has no such commit, as in a clone without history. The packages are
    those of today's environment.
    """
    git = shutil.which("git") or "git"
    done = subprocess.run(
        [git, "archive", "--format=tar", commit, "src"], cwd=ROOT, check=False, capture_output=True
    )
    if done.returncode != 0:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder / "src"
