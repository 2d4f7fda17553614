"""Writes the pages, or with `--check` says which are out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.reference.pages import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: list[str]) -> None:
    """Write all pages and remove those of actions that are gone; `--check` writes nothing."""
    if arguments not in ([], ["--check"]):
        sys.exit("usage: python -m tools.reference [--check]")
    made = pages()
    stale = [name for name, text in made.items() if _read(DOCS / name) != text]
    known = {DOCS / name for name in made}
    gone = [path for path in (DOCS / "reference").glob("*.md") if path not in known]
    if arguments:
        names = stale + [str(path.relative_to(DOCS)) for path in gone]
        sys.exit(f"out of date: {', '.join(names)}" if names else 0)
    for name in stale:
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(made[name], "utf-8")
    for path in gone:
        path.unlink()


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    main(sys.argv[1:])
