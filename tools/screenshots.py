"""A picture of each page of the console in `screenshots/`: light, dark, and on a telephone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.browsers import NARROW, WIDE, chromium
from tests.console.desks import ConsoleDesk, console_in
from tests.console.walk import STOPS, visited

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "screenshots"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "narrow": {"color_scheme": "light", "viewport": NARROW},
}


def main() -> None:
    """Make all pictures anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        console_in(Path(folder), NO_RSA_STOCK) as console,
        chromium() as browser,
    ):
        for look, options in LOOKS.items():
            take(browser, console, look, options)
    print(f"The pictures are in {TARGET.relative_to(Path.cwd())}.")


def take(browser: Browser, console: ConsoleDesk, look: str, options: dict[str, Any]) -> None:
    """Make the pictures of one look."""
    for stop in STOPS:
        with visited(browser, console, stop, **options) as (page, _):
            page.screenshot(path=TARGET / f"{stop.name}-{look}.png", full_page=True)


if __name__ == "__main__":
    main()
