"""The checks, one session each. All run in `.venv`, which `make venv` makes; none makes its own.

`.venv/bin/nox --list` shows them, and what follows `--` goes to the program that a session runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import nox

BIN = Path(sys.executable).parent
PYTHON_FOLDERS = ("src", "tests", "bench", "tools", "noxfile.py")
# Releases younger than this are not taken: most poisoned ones are found within days.
COOLDOWN = "1 week"
# What a rule, a record or the work on an order is tested by within one process.
QUICK = (
    "tests/domain",
    "tests/issuers",
    "tests/storage",
    "tests/vault",
    "tests/wire",
    "tests/workflow",
    "tests/test_catalog.py",
    "tests/test_engine.py",
    "tests/test_settings.py",
)
# Where Python is told to keep no compiled modules, each of the hundreds of processes that tests
# start would compile the whole program again.
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
# Each module in one process, so what its tests share starts once; the long ones come first.
SPREAD = ("-n", "auto", "--dist", "loadscope", "--no-loadscope-reorder")
LOCK_OPTIONS = (
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    f"--exclude-newer={COOLDOWN}",
    "--custom-compile-command=make lock",
)
NPM_LOCK_OPTIONS = (
    "--package-lock-only",
    "--omit-lockfile-registry-resolved",
    "--ignore-scripts",
    "--silent",
)

nox.needs_version = ">=2026"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests"]


def run(session: nox.Session, program: str, *arguments: str, ends: Sequence[int] = (0,)) -> None:
    session.run(str(BIN / program), *arguments, env=COMPILED, success_codes=ends)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, spelling, the direction of imports, and whether the changelog can be written."""
    run(session, "ruff", "format", "--check", "--quiet", ".")
    run(session, "ruff", "check", "--quiet", ".")
    run(session, "codespell")
    run(session, "lint-imports")
    session.run(str(BIN / "towncrier"), "build", "--draft", "--version=next", silent=True)


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Write the style that lint asks for."""
    run(session, "ruff", "format", ".")
    run(session, "ruff", "check", "--fix", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly, of the code and its tests."""
    run(session, "mypy", *(folder for folder in PYTHON_FOLDERS if Path(folder).exists()))


@nox.session
def servers(session: nox.Session) -> None:
    """The programs and npm packages that tests meet for real: install what is missing."""
    run(session, "python", "tools/servers.py")
    run(session, "python", "-m", "tools.node")


@nox.session(requires=["servers"])
def tests(session: nox.Session) -> None:
    """The whole suite, on all cores."""
    run(session, "pytest", *SPREAD, *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """The tests that need no server and no other program, for the loop of an edit and a look."""
    run(session, "pytest", *SPREAD, "-m", "not needs", "--alone", *QUICK, *session.posargs)


@nox.session(requires=["servers"])
def coverage(session: nox.Session) -> None:
    """How much of the program the whole suite runs through, in all processes that it starts."""
    run(session, "coverage", "erase")
    # A test that takes the disk away fails: what is measured cannot be written either.
    run(session, "coverage", "run", "-m", "pytest", *SPREAD, *session.posargs, ends=(0, 1))
    run(session, "coverage", "combine", "--quiet")
    # Tests make copies of the program as well, which count for nothing.
    run(session, "coverage", "report", "--include=src/*")


@nox.session(requires=["servers"])
def slow(session: nox.Session) -> None:
    """What takes minutes: crashes, nonsense and crowds in numbers, a year left alone."""
    run(session, "pytest", "tests/slow", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """The pages as a site, with every link checked."""
    run(session, "python", "tools/site.py")


@nox.session
def picture(session: nox.Session) -> None:
    """The terminal in the README, from a run of the demo."""
    run(session, "python", "tools/picture.py")


@nox.session(requires=["servers"])
def screenshots(session: nox.Session) -> None:
    """A picture of each page of the console, in the folder screenshots."""
    run(session, "python", "-m", "tools.screenshots")


@nox.session
def lock(session: nox.Session) -> None:
    """Resolve the hashed locks again; releases already locked stay unless --upgrade is given."""
    for name, *sources in (
        ("run", "pyproject.toml"),
        ("dev", "pyproject.toml", "--group=dev", "--constraints=requirements/run.txt"),
        ("uv", "--group=pyproject.toml:installer", "--constraints=requirements/dev.txt"),
        ("bench", "--group=pyproject.toml:bench"),
        ("oidc", "--group=pyproject.toml:oidc"),
        ("clients", "--group=pyproject.toml:clients", "--constraints=requirements/dev.txt"),
    ):
        output = f"--output-file=requirements/{name}.txt"
        run(session, "uv", "pip", "compile", *LOCK_OPTIONS, *sources, output, *session.posargs)
    # The versions of the packages themselves are in package.json.
    for folder in ("assets", "tests/clients"):
        run(session, "npm", "install", f"--prefix={folder}", *NPM_LOCK_OPTIONS)
