"""The pages that people write: what they name is there, and what is there is named."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.bootstrap import actions
from certdesk.domain.errors import InternalError, ServiceError

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "changes").glob("README.md")]
SOURCES = [path for folder in ("src", "tests", "tools") for path in (ROOT / folder).rglob("*.py")]
ABOUT_CODE = [page for page in PAGES if page.parent in (ROOT, DOCS, DOCS / "adr")]
"""The pages that speak of modules; the guide speaks of the folders of its reader."""

ROOTS = (ROOT, ROOT / "src/certdesk", ROOT / "tests")
"""Where a path that is named begins."""

OPERATORS = r"`(ResourceNotFound\.\w+|FailedOperation\.(?:PersonNeeded|ProofNeeded|SignInRefused))`"
"""Codes of the operator's commands and the console, which stand in sentences of their own."""


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _text(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", _text(page)):
        path, _, anchor = target.partition("#")
        if "://" not in target:
            yield (page.parent / path if path else page), anchor


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", _text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_link_leads_to_a_page_and_a_heading_that_are_there(page: Path) -> None:
    """Within the repository; nothing is fetched."""
    for target, anchor in _links(page):
        assert target.exists(), target
        assert not anchor or anchor in _anchors(target), f"{target}#{anchor}"


def test_every_page_can_be_come_by_from_the_readme() -> None:
    """By links from page to page."""
    reached, new = set[Path](), {ROOT / "README.md"}
    while new:
        reached |= new
        found = {target.resolve() for page in new for target, _ in _links(page)}
        new = {page for page in found - reached if page.suffix == ".md"}
    assert {_name(page) for page in PAGES} - {_name(page) for page in reached} == set()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_row_of_a_table_has_a_line_and_all_columns(page: Path) -> None:
    """A cell with the end of a line in it would end the table."""
    rows = [re.split(r"(?<!\\)\|", line) for line in _text(page).split("\n")]
    for before, row in itertools.pairwise(rows):
        if row[0] == "" and len(row) > 1:
            assert row[-1] == "", row
            assert len(before) in (1, len(row)), row


def test_the_page_of_errors_names_every_code_and_no_other() -> None:
    """A class for each code of the page."""
    codes = re.findall(r"^\| `([A-Z]\w+(?:\.\w+)?)` \|", _text(DOCS / "errors.md"), re.MULTILINE)
    named = set(codes) | set(re.findall(OPERATORS, _text(DOCS / "errors.md")))
    of_one_action = {"InvalidParameterValue"}
    assert named == set(ServiceError.known) - of_one_action


def test_the_table_of_the_main_action_is_its_declaration() -> None:
    """The errors that CertificateInfoSubmit declares, InternalError, and those that come later."""
    _, _, rest = _text(DOCS / "errors.md").partition("## Errors of CertificateInfoSubmit")
    table, _, _ = rest.partition("## Errors of every action")
    action = actions().find("CertificateInfoSubmit")
    assert action is not None
    declared = {error.code for error in action.errors} | {InternalError.code}
    assert set(re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)) == declared
    assert len(declared) == 15


def test_every_difference_has_a_number_of_its_own() -> None:
    """None is missing, none is given twice."""
    numbers = re.findall(r"^- \*\*C(\d+)\.\*\* ", _text(DOCS / "compat.md"), re.MULTILINE)
    assert sorted(map(int, numbers)) == list(range(1, len(numbers) + 1))


def test_every_decision_is_in_the_list_of_decisions() -> None:
    """By its number, with the title that the page has."""
    listed = re.findall(
        r"^\| \[(\d+)\]\((.+?)\) \| (.+) \|$", _text(DOCS / "adr/README.md"), re.MULTILINE
    )
    pages = sorted((DOCS / "adr").glob("0*.md"))
    assert [(f"{int(page.name[:4])}", page.name) for page in pages] == [
        (number, name) for number, name, _ in listed
    ]
    for page, (number, _, title) in zip(pages, listed, strict=True):
        assert page.read_text("utf-8").startswith(f"# {number}. {title}\n\nAccepted.")


def test_every_dependency_has_its_reason() -> None:
    """ADR 12 has a line for each package of pyproject.toml, and for no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    names = [item for group in groups for item in group if isinstance(item, str)]
    wanted = {re.split(r"[^\w.-]", name)[0] for name in names}
    rows = re.findall(
        r"^\| ([a-z][\w, .-]+) \|", _text(DOCS / "adr/0012-dependencies.md"), re.MULTILINE
    )
    assert {name for row in rows for name in row.split(", ")} == wanted


def test_each_threat_names_a_test_that_there_is() -> None:
    """A row without one, or with one that is gone, promises what nobody holds."""
    rows = re.findall(r"^\| [A-Z].+ \|$", _text(ROOT / "SECURITY.md"), re.MULTILINE)
    threats = [row.strip("|").split(" | ") for row in rows if not row.startswith("| Threat")]
    assert len(threats) > 20
    for threat, _, tests, *_ in threats:
        named = re.findall(r"`([\w/]+\.py)`", tests)
        assert named, threat
        assert [name for name in named if not (ROOT / "tests" / name).exists()] == [], threat


def _is_there(path: str) -> bool:
    return any((root / path).exists() for root in ROOTS)


@pytest.mark.parametrize("page", ABOUT_CODE, ids=_name)
def test_a_module_or_folder_that_a_page_names_is_there(page: Path) -> None:
    """A file of Python, or a path with a folder that there is, beginning at one of `ROOTS`."""
    named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.py|(?:[\w-]+/)+[\w.-]*)`", _text(page)))
    code = {path for path in named if path.endswith((".py", "/")) or _is_there(path.split("/")[0])}
    # One without its folder, such as the checkup.py beside something, is in several folders.
    several = {path for path in code if "/" not in path and any(ROOT.glob(f"src/**/{path}"))}
    assert {path for path in code - several if not _is_there(path)} == set()


def test_a_module_that_a_docstring_names_is_there() -> None:
    """From one of `ROOTS`, or beside the module that names it."""
    missing = [
        (_name(source), path)
        for source in SOURCES
        for path in re.findall(r"`((?:[\w-]+/)*[\w-]+\.py)`", source.read_text("utf-8"))
        if not _is_there(path) and not (source.parent / path).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", ABOUT_CODE, ids=_name)
def test_what_a_page_says_is_in_a_module_is_in_it(page: Path) -> None:
    """Wherever it says "this, that and more of" a module; an action has the name of the wire."""
    names = r"((?:`[A-Za-z_]\w*`(?:, | and |, and )?)+)"
    for found, path in re.findall(rf"{names} (?:of|in) `([\w/]+\.py)`", _text(page)):
        module = next(root / path for root in ROOTS if (root / path).exists())
        words = set(re.findall(r"\w+", module.read_text("utf-8").replace("_", "").lower()))
        named = re.findall(r"\w+", found)
        assert [name for name in named if name.replace("_", "").lower() not in words] == [], path
