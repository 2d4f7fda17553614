"""Tables as CSV: what was written is read again, and nothing is computed."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from certdesk.domain.values.csv_text import csv_text

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
FORMULAS = st.builds(
    str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"]), CELLS
)


@given(rows=st.lists(st.lists(CELLS | FORMULAS, min_size=2, max_size=3), max_size=4))
@example(rows=[["=cmd|' /C calc'!A0", "a\r\nb"]])
@example(rows=[['"=1+1', ',"=1+1"']])
def test_what_is_read_is_what_was_written_and_no_formula(rows: list[list[str]]) -> None:
    """Python's reader stands for every other; a cell differs by the apostrophe alone."""
    text = csv_text(rows)
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(read) == len(rows)
    for before, after in zip(rows, read, strict=True):
        for cell, shown in zip(before, after, strict=True):
            assert shown in (cell, f"'{cell}")
            assert shown[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"}
    assert text.count("\r\n") >= len(rows)
