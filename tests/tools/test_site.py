"""The site of the pages, as `make site` builds it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.site import CONFIG, NEWS, ROOT, SHOWN, broken, build


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this clone."""
    return build(tmp_path_factory.mktemp("site"))


def test_every_link_of_the_site_leads_somewhere(html: Path) -> None:
    """To pages, headings, pictures and files."""
    assert broken(html) == []


def test_every_page_that_people_write_is_in_the_navigation(html: Path) -> None:
    """But for those of a list: of actions, of decisions, and how to write news."""
    listed = set(re.findall(r'"([\w/.-]+\.md)"', (ROOT / CONFIG).read_text("utf-8")))
    written = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")}
    unlisted = {name for name in written - listed if not re.match(r"docs/(reference|adr)/", name)}
    assert unlisted == set()
    assert [name for name in listed if not (html / name).with_suffix(".html").exists()] == [
        name for name in listed if name.endswith("README.md")
    ]


def test_the_site_fetches_nothing_from_elsewhere(html: Path) -> None:
    """No font, script or picture of another server."""
    for page in html.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|img|iframe)[^>]* src="(\w+:[^"]*|//[^"]*)"', page.read_text()
        )
        fetched += re.findall(
            r'<link rel="(?:stylesheet|preconnect)" href="(\w+:[^"]*|//[^"]*)"', page.read_text()
        )
        assert fetched == [], page


@pytest.mark.parametrize("line", ["[gone](docs/gone.md)", "[gone](docs/compat.md#gone)"])
def test_a_page_with_a_broken_link_is_no_site(line: str, tmp_path: Path) -> None:
    """The builder refuses it."""
    for name in (*SHOWN, NEWS, CONFIG):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(
            source, tmp_path / name
        )
    with (tmp_path / "README.md").open("a") as page:
        page.write(f"\n{line}\n")
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path / "site", tmp_path)


@pytest.mark.parametrize(
    "element",
    [
        '<a href="gone.html">',
        '<a href="other.html#gone">',
        '<a href="#gone">',
        '<img src="gone.svg">',
        '<a href="folder/">',
    ],
)
def test_a_link_that_leads_nowhere_is_found(element: str, tmp_path: Path) -> None:
    """Whatever element has it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "other.html").write_text('<h1 id="here">')
    (tmp_path / "page.html").write_text(f'<a href="other.html#here"></a>{element}')
    assert [wrong.split(": ")[0] for wrong in broken(tmp_path)] == ["page.html"]
