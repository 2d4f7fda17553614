"""The programs that tests meet for real, by the table [tool.certdesk.servers] of pyproject.toml.

Run as a script it installs the missing ones from Debian's packages, where it may: as root, with
apt-get. Where it may not, it says which tests will be skipped, and that is no failure here; the
end of a test run names every skipped test, and on CI fails for it (tests/conftest.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Debian keeps servers out of an ordinary user's path, and PostgreSQL's, by version, out of all.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
POSTGRESQL = Path("/usr/lib/postgresql")
POLICY = Path("/usr/sbin/policy-rc.d")  # what invoke-rc.d asks; 101 is "do not"


def declared() -> dict[str, str]:
    """Return the Debian package of each program, by the program's name."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages: dict[str, str] = settings["tool"]["certdesk"]["servers"]
    return packages


def find(program: str) -> str | None:
    """Return the full path of an installed program, or None."""
    versions = sorted(POSTGRESQL.glob("[0-9]*/bin"), key=lambda folder: int(folder.parent.name))
    folders = (os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS, *map(str, reversed(versions)))
    return shutil.which(program, path=os.pathsep.join(folders))


def main() -> None:
    """Install what is missing, or say what will be skipped for want of it."""
    missing = {program: package for program, package in declared().items() if not find(program)}
    if missing and may_install():
        install(sorted(set(missing.values())))
    for program, package in missing.items():
        if not find(program):
            print(f"Tests that need {program} will be skipped (Debian package {package}).")


def may_install() -> bool:
    """Tell whether this process may add Debian packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and find("apt-get") is not None


def install(packages: list[str]) -> None:
    """Install Debian packages; a failure shows in apt-get's own words and by what stays missing."""
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with no_service_started():
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run(
                [find("apt-get") or "apt-get", "--quiet", "--quiet", *words], env=quiet, check=False
            )


@contextlib.contextmanager
def no_service_started() -> Iterator[None]:
    """Keep Debian from starting what it installs: tests start servers of their own.

    A name server of the package's would take port 53 of a machine that has its own.
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", "ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


if __name__ == "__main__":
    main()
