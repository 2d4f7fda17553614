"""The glossary: its words are in the code and in the API, and each definition has a source."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TERMS = [
    row
    for row in ROW.findall((DOCS / "glossary.md").read_text("utf-8"))
    if row[0] not in ("API term", "---")
]
SOURCE = re.compile(
    r"\((?:BR \d|RFC \d+[,:] |GDPR, article \d|WebAuthn, \d|OpenID Connect Core, \d)"
)


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_glossary_has_the_terms_of_the_field() -> None:
    """Each once."""
    words = [ours.partition(":")[0] for _, ours, _ in TERMS]
    assert len(words) >= 40
    assert sorted(set(words)) == sorted(words)


def test_each_term_of_ours_is_defined_in_the_module_that_is_named() -> None:
    """As a class, a function or a constant of it."""
    missing = []
    for _, ours, _ in TERMS:
        *names, module = _names(ours)
        text = (ROOT / "src/certdesk" / module).read_text("utf-8")
        defined = set(re.findall(r"^(?:class |def )?([A-Za-z_]\w*)(?=[(:\[ ])", text, re.MULTILINE))
        missing += [(module, name) for name in names if name not in defined]
        missing += [] if names else [(module, ours)]
    assert missing == []


def test_each_term_of_the_api_is_in_the_reference() -> None:
    """As an action, a member, a value, or the code of an error."""
    pages = [*(DOCS / "reference").glob("*.md"), DOCS / "errors.md"]
    words = {word for page in pages for word in re.findall(r"\w+", page.read_text("utf-8"))}
    terms = [name for api, _, _ in TERMS for name in _names(api)]
    assert [name for name in terms if name not in words] == []


def test_each_definition_names_its_section() -> None:
    """Unless the field has no such word."""
    unsourced = [ours for _, ours, text in TERMS if text[0] != "—" and not SOURCE.search(text)]
    assert unsourced == []
