"""Letters to upload: made by programs, and written object by object."""

from __future__ import annotations

from pathlib import Path

LETTERS = Path(__file__).parent / "data" / "letters"
"""A page by Ghostscript, and noise in each format of pictures by Netpbm."""
PDF, JPG, PNG, GIF = (
    (LETTERS / f"letter.{form}").read_bytes() for form in ("pdf", "jpg", "png", "gif")
)

LEAST = 1024


def pdf(*more: bytes, catalogue: bytes = b"", trailer: bytes = b"") -> bytes:
    """Write a PDF file of one page and more objects, from number 5 on, of at least 1 KB."""
    objects = [
        b"<</Type /Catalog /Pages 2 0 R" + catalogue + b">>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R>>",
        stream(b" " * LEAST),
        *more,
    ]
    written = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d /Root 1 0 R%b>>\n%b" % (
        written,
        size,
        table,
        size,
        trailer,
        b"startxref\n%d\n%%%%EOF\n" % len(written),
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Write a stream with further entries in its dictionary."""
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(content), entries, content)
