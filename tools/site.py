"""Build the pages as a site in `site/html`, and check that every link in it leads somewhere.

The pages are copied with the places that they have in the repository, so a link works there, on a
forge, and in the site alike. Nothing is fetched: fonts and scripts are part of the site.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
CONFIG = "zensical.toml"
SHOWN = (
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "docs",
)
NEWS = "changes/README.md"


class Page(HTMLParser):
    """What one page links to, and the anchors in it."""

    def __init__(self, text: str) -> None:
        """Read the whole page."""
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the link and the anchor of one element."""
        for name, value in attrs:
            if name in ("href", "src") and tag != "base":
                self.links.append(value or "")
            elif name in ("id", "name") and value:
                self.anchors.add(value)


def build(site: Path, root: Path = ROOT) -> Path:
    """Build the site below `site`; return the folder of its pages.

    Raises:
        subprocess.CalledProcessError: a page has a fault, which was printed.
    """
    shutil.rmtree(site, ignore_errors=True)
    pages = site / "pages"
    for name in (*SHOWN, NEWS):
        source, target = root / name, pages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    shutil.copy(root / CONFIG, site / CONFIG)
    program = Path(sys.executable).with_name("zensical")
    subprocess.run([program, "build", "--clean", "--strict"], cwd=site, check=True)
    return site / "html"


def broken(html: Path) -> list[str]:
    """Return every link that leads nowhere, with its page: to a file or to an anchor in one."""
    pages = {file: Page(file.read_text("utf-8")) for file in sorted(html.rglob("*.html"))}
    return [
        f"{file.relative_to(html)}: {link}"
        for file, page in pages.items()
        if file.name != "404.html"  # its links begin at the root of a server
        for link in page.links
        if not leads_somewhere(link, file, pages)
    ]


def leads_somewhere(link: str, file: Path, pages: dict[Path, Page]) -> bool:
    """Tell whether a link of the page `file` has its target. Other sites are not asked."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not parts.fragment or target not in pages:
        return target.is_file()
    return unquote(parts.fragment) in pages[target].anchors


def main() -> None:
    """Build the site of this clone, or end with the links that lead nowhere."""
    try:
        html = build(ROOT / "site")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    if wrong := broken(html):
        sys.exit("\n".join(["These links lead nowhere:", *wrong]))
    print(f"The site is in {html.relative_to(Path.cwd())}: open index.html, or serve the folder.")


if __name__ == "__main__":
    main()
