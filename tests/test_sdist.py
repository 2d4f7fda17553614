"""What is handed to others as source has everything that a clone has."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hatchling.build import build_sdist

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
def test_the_source_distribution_is_the_whole_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From it everything can be built, tested and run."""
    monkeypatch.chdir(ROOT)
    git = shutil.which("git")
    assert git is not None
    tracked = subprocess.run([git, "ls-files", "-z"], check=True, capture_output=True, text=True)
    with tarfile.open(tmp_path / build_sdist(str(tmp_path))) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert set(tracked.stdout.split("\0")) - {""} - names == set()
