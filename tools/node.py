"""The clients for Node that tests run: installs them into `.venv/node`, as their lock says.

Where there is no npm, nothing is done: tests that need Node are then skipped, and on CI fail.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tests" / "clients"
TARGET = ROOT / ".venv" / "node"
FILES = ("package.json", "package-lock.json")
# Written last, so that a lock that is there was installed whole.
STAMP = TARGET / "installed-lock.json"


def main() -> None:
    """Install what the lock says, unless it is there."""
    npm = shutil.which("npm")
    lock = (SOURCE / FILES[1]).read_bytes()
    if npm is None or (STAMP.is_file() and STAMP.read_bytes() == lock):
        return
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(SOURCE / name, TARGET / name)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    done = subprocess.run([npm, "ci", *options], cwd=TARGET, check=False)
    if done.returncode:
        print("npm could not install the clients for Node; tests that need them will fail.")
        sys.exit(done.returncode)
    STAMP.write_bytes(lock)


if __name__ == "__main__":
    main()
