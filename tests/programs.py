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
    done = ended(name, *words, text=text, env=env)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout + (done.stderr if name == "openssl" else "")


def ended(
    name: str, *words: str | Path, text: str | bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program that may well end in failure."""
    return subprocess.run(
        [path_of(name), *map(str, words)],
        input=text if isinstance(text, str) else text.decode(),
        env=os.environ | {"LC_ALL": "C.UTF-8"} | dict(env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
