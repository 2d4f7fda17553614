r"""Tables as CSV (RFC 4180), for people who open them in a spreadsheet.

A spreadsheet computes a cell that begins like a formula, which a tenant may have written: such a
cell gets an apostrophe before it, by which spreadsheets show it as text.

>>> csv_text([["name", "=1+1"]])
'"name","\'=1+1"\r\n'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet computes; some accept these in full width as well."""


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV, each cell in quotes and none a formula."""
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in rows)


def _cell(text: str) -> str:
    shown = f"'{text}" if text.startswith(FORMULA) else text
    doubled = shown.replace('"', '""')
    return f'"{doubled}"'
