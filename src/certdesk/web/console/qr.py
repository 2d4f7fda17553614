"""QR codes as the path of an SVG picture, for markup without any style."""

from __future__ import annotations

import segno

from certdesk.domain.values.record import Record

BORDER = 4
"""The empty modules around a code, as its standard has it (ISO 18004)."""


class Picture(Record):
    """A square picture: its side in modules, and the path around the dark ones."""

    size: int
    path: str


def path_of(text: str) -> Picture:
    """Return the QR code of a text."""
    rows = segno.make_qr(text).matrix
    pieces = [
        f"M{column + BORDER} {row + BORDER}h1v1h-1z"
        for row, modules in enumerate(rows)
        for column, dark in enumerate(modules)
        if dark
    ]
    return Picture(len(rows) + 2 * BORDER, "".join(pieces))
