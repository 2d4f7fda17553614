"""The processes that a process has started."""

from __future__ import annotations

import time
from pathlib import Path

PATIENCE_SECONDS = 30


def parsers_of(pid: int) -> list[int]:
    """Give the processes of a desk that parse."""
    return _started_by(pid, b"certdesk.parsing")


def serving_processes_of(pid: int) -> list[int]:
    """Give the processes that serve for a parent."""
    return _started_by(pid, b"certdesk.cli.serving_process")


def _started_by(pid: int, word: bytes) -> list[int]:
    started = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children_of(task)
    ]
    return [child for child in started if word in arguments_of(child)]


def _children_of(thread: Path) -> list[str]:
    """Return the children that a thread has started; none if it has ended since it was listed."""
    try:
        return (thread / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def arguments_of(pid: int) -> bytes:
    """Give the words that a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def state_of(pid: int) -> str:
    """Give the letter of the state that a process is in; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def gone(pid: int) -> bool:
    """Wait until a process is gone; tell whether it is."""
    until = time.monotonic() + PATIENCE_SECONDS
    while state_of(pid) not in {"", "Z"} and time.monotonic() < until:
        time.sleep(0.02)
    return state_of(pid) in {"", "Z"}
