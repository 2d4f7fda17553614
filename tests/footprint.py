"""What a process holds: memory and open files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def open_files(pid: int) -> int:
    """Count the open files of a process, which of a desk the system shows root alone."""
    if os.geteuid() != 0:
        pytest.skip("only root may look at the open files of a desk")
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident_kib(pid: int) -> int:
    """Tell how much memory a process has, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
