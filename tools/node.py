"""What tests need of npm, the clients for Node among it, installed into `.venv/node`."""

from __future__ import annotations

import sys

from tools import npm

SOURCE = npm.ROOT / "tests" / "clients"
TARGET = npm.ROOT / ".venv" / "node"


def main() -> None:
    """Install what the lock says, unless it is there."""
    if not npm.install(SOURCE, TARGET):
        sys.exit("npm could not install what tests need of it; tests that need it will fail.")


if __name__ == "__main__":
    main()
