"""Make `.venv` from the hashed locks, with the package installed from the working tree.

Needs a Python of at least 3.11 and nothing else. The venv is always made anew, so what is in it
is what the locks say. Wheels only: nothing is compiled. An index or a certificate store of your
own is taken from the usual settings of pip and uv (`PIP_INDEX_URL`, `UV_DEFAULT_INDEX`, ...).
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "stamp"
CLIENTS = VENV / "clients"
# One of the clients has no wheel; it is built with the locked setuptools.
CLIENTS_OPTIONS = (
    "--no-deps",
    "--no-build-isolation",
    "--require-hashes",
    "--requirement=requirements/clients.txt",
)
# A provider of OpenID Connect for tests, whose dependencies differ from the desk's own.
OIDC = VENV / "oidc"
OIDC_OPTIONS = (
    "--no-deps",
    "--no-build",
    "--require-hashes",
    "--requirement=requirements/oidc.txt",
)
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
# Left as source: the many services of the official clients that certdesk does not speak for.
NOT_COMPILED = r"site-packages/(tencentcloud|tccli/services)/(?!ssl|common|__init__)"


def main() -> None:
    """Make the environment or say on stderr why it cannot be made."""
    check_python()
    python = BIN / "python"
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    compiler = (python, "-W", "ignore", "-m", "compileall")
    uv = (BIN / "uv", "--quiet", "pip")
    run(sys.executable, "-m", "venv", "--clear", VENV)
    run(*pip, "--require-hashes", "--only-binary=:all:", "--requirement=requirements/uv.txt")
    run(*uv, "sync", "--python", python, "--require-hashes", "--no-build", "requirements/dev.txt")
    run(*uv, "install", "--python", python, "--no-deps", "--no-build-isolation", "--editable=.")
    # In a folder beside the environment: the names of the modules in it are taken (pyproject.toml).
    run(*uv, "install", "--python", python, "--target", CLIENTS, *CLIENTS_OPTIONS)
    run(*uv, "install", "--python", python, "--target", OIDC, *OIDC_OPTIONS)
    run(*compiler, "-q", "-j", "0", "-x", NOT_COMPILED, VENV / "lib")
    # Where there is no npm registry, it says so itself: the console works without its styles.
    subprocess.run((python, "-m", "tools.assets"), cwd=ROOT, check=False)
    STAMP.touch()


def check_python() -> None:
    """Leave with a plain sentence where this Python cannot make the environment."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"certdesk needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and {sys.executable} is "
            f"{sys.version.split()[0]}. Name another one with: make PYTHON=/path/to/python3.12"
        )
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"{sys.executable} lacks its standard module(s) {', '.join(missing)}. On Debian and "
            "Ubuntu they are in the package python3-venv. Or name another Python with: "
            "make PYTHON=/path/to/python3.12"
        )


def run(*command: str | Path) -> None:
    """Run one step; where it fails, leave with its exit status (it has said why itself)."""
    # As pip and git do, uv is to trust what the system trusts, a company's own CA included.
    world = {"UV_SYSTEM_CERTS": "true"} | os.environ
    done = subprocess.run(command, cwd=ROOT, env=world, check=False)
    if done.returncode:
        words = " ".join(str(word) for word in command)
        print(f"This step failed: {words}", file=sys.stderr)
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
