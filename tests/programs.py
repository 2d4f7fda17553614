"""Other programs, asked what they make of a file that the desk wrote."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools import servers

PASSWORD = "OUR_PASSWORD"
"""The environment variable that a password is handed over in."""


def path_of(name: str) -> str:
    """Find a program; a test that needs it says so with `needs`."""
    found = servers.find(name)
    assert found is not None, name
    return found


def run(
    name: str, *words: str | Path, text: str | bytes = b"", env: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end with `text` as its input, and give what it printed.

    A failure shows with what the program said. Texts are in English.
    """
    done = subprocess.run(
        [path_of(name), *map(str, words)],
        input=text.encode() if isinstance(text, str) else text,
        env=os.environ | {"LC_ALL": "C.UTF-8"} | dict(env or {}),
        capture_output=True,
        check=False,
    )
    printed = done.stdout.decode()
    assert done.returncode == 0, f"{name}: {printed}{done.stderr.decode()}"
    return printed + (done.stderr.decode() if name == "openssl" else "")
