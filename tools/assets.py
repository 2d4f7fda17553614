"""The styles and scripts of the console, from npm packages as `assets/package-lock.json` says.

They go into the package (`src/certdesk/web/console/static/vendor/`), and so into wheel and source
distribution. Without them the console still works, as plain pages.
"""

from __future__ import annotations

import shutil
import sys

from tools import npm

SOURCE = npm.ROOT / "assets"
INSTALLED = npm.ROOT / ".venv" / "assets"
TARGET = npm.ROOT / "src" / "certdesk" / "web" / "console" / "static" / "vendor"
FILES = {
    "pico.min.css": "@picocss/pico/css/pico.min.css",
    "pico.LICENSE.md": "@picocss/pico/LICENSE.md",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-csp.min.js": "htmx.org/dist/ext/hx-csp.min.js",
    "htmx.LICENSE": "htmx.org/LICENSE",
}
"""The name in the package of each file, and where npm puts it."""


def main() -> None:
    """Put the files into the package, or say that the console has to do without them."""
    if not npm.install(SOURCE, INSTALLED):
        sys.exit(
            "npm could not install the console's styles and scripts. The console works without "
            "them, as plain pages; .venv/bin/python -m tools.assets tries again."
        )
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    for name, path in FILES.items():
        shutil.copyfile(INSTALLED / "node_modules" / path, TARGET / name)


if __name__ == "__main__":
    main()
