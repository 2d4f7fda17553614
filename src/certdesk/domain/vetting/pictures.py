"""Whether a picture is complete: its parts, one after the other, to its end.

Bytes after the end are ignored: telephones add data there, and viewers do not read it.

Nothing is decoded; the reviewer's viewer does that. Time and memory are those of reading the file
once. Sources: ITU-T T.81 annex B (JPEG), PNG 3rd edition 5 and 11.2, GIF89a specification.
"""

from __future__ import annotations

import re
import zlib

MOST_SIDE = 20_000
MOST_PIXELS = 100_000_000
"""The most pixels of a picture: an A4 page at 600 dots an inch has 35 million."""

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a segment, which cannot be between segments."""
# Within a scan 0xFF is followed by 0 (a byte of it), by a restart marker, or by more of itself.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER_SIZE = 13

_TRAILER, _IMAGE, _EXTENSION = 0x3B, 0x2C, 0x21
_HAS_TABLE = 0x80


class BadPicture(ValueError):
    """A file is not a complete picture of its format; the text says what is wrong."""


class _Parts:
    """The parts of a file, read from its beginning to its end."""

    def __init__(self, content: bytes, at: int = 0) -> None:
        """Begin at a position."""
        self.content = content
        self.at = at

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            BadPicture: there are too few.
        """
        found = self.content[self.at : self.at + size]
        if len(found) < size:
            raise BadPicture("it ends too early")
        self.at += size
        return found

    def number(self, size: int) -> int:
        """Return the next number, big-endian; raises `BadPicture`."""
        return int.from_bytes(self.take(size))


def check_jpeg(content: bytes) -> None:
    """Check that a JPEG file has its frame, its scans and its end; raises `BadPicture`."""
    parts = _Parts(content)
    if parts.take(2) != bytes((0xFF, _SOI)):
        raise BadPicture("it does not begin with SOI")
    framed = scanned = False
    while (marker := _next_marker(parts)) != _EOI:
        if marker in _ALONE or marker == 0:
            raise BadPicture(f"the marker {marker:02X} is out of place")
        segment = _Parts(parts.take(max(parts.number(2) - 2, 0)))
        if marker in _FRAMES:
            segment.take(1)
            height, width = segment.number(2), segment.number(2)
            _check_sides(width, height)
            framed = True
        if marker == _SOS:
            found = _AFTER_SCAN.search(content, parts.at)
            if not framed or found is None:
                raise BadPicture("a scan has no frame" if found else "it ends within a scan")
            parts.at, scanned = found.start(), True
    if not scanned:
        raise BadPicture("it has no scan")


def _next_marker(parts: _Parts) -> int:
    if parts.number(1) != 0xFF:  # noqa: PLR2004 -- what every marker begins with
        raise BadPicture("a marker is missing")
    while (marker := parts.number(1)) == 0xFF:  # noqa: PLR2004 -- and may be filled up with
        pass
    return marker


def check_png(content: bytes) -> None:
    """Check that a PNG file has all its chunks, with the right sums; raises `BadPicture`."""
    parts = _Parts(content)
    if parts.take(len(_PNG)) != _PNG:
        raise BadPicture("it does not begin as a PNG file")
    kinds: set[bytes] = set()
    kind = b""
    while kind != b"IEND":
        size, kind = parts.number(4), parts.take(4)
        data = parts.take(size)
        if parts.number(4) != zlib.crc32(data, zlib.crc32(kind)):
            raise BadPicture(f"the checksum of a chunk ({kind.hex()}) is wrong")
        if (kind == b"IHDR") != (not kinds):
            raise BadPicture("its header is in the wrong place")
        if kind == b"IHDR":
            _check_png_header(data)
        kinds.add(kind)
    if b"IDAT" not in kinds:
        raise BadPicture("it has no image data")


def _check_png_header(data: bytes) -> None:
    if len(data) != _HEADER_SIZE:
        raise BadPicture("its header has the wrong size")
    _check_sides(int.from_bytes(data[:4]), int.from_bytes(data[4:8]))


def check_gif(content: bytes) -> None:
    """Check that a GIF file has all its blocks, and an image among them; raises `BadPicture`."""
    parts = _Parts(content)
    if parts.take(6) not in {b"GIF87a", b"GIF89a"}:
        raise BadPicture("it does not begin as a GIF file")
    _check_gif_sides(parts.take(4))
    colours = parts.number(1)
    parts.take(2)
    _pass_colours(parts, colours)
    shown = False
    while (block := parts.number(1)) != _TRAILER:
        if block == _IMAGE:
            parts.take(4)
            _check_gif_sides(parts.take(4))
            _pass_colours(parts, parts.number(1))
            shown = True
        elif block != _EXTENSION:
            raise BadPicture(f"there is no block {block:02X}")
        # The size of the image's codes, or the kind of extension.
        parts.take(1)
        while size := parts.number(1):
            parts.take(size)
    if not shown:
        raise BadPicture("it has no image")


def _check_gif_sides(sides: bytes) -> None:
    _check_sides(int.from_bytes(sides[:2], "little"), int.from_bytes(sides[2:], "little"))


def _pass_colours(parts: _Parts, flags: int) -> None:
    """Skip a table of colours, if the flags say that there is one."""
    if flags & _HAS_TABLE:
        parts.take(3 * 2 ** ((flags & 7) + 1))


def _check_sides(width: int, height: int) -> None:
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE and width * height <= MOST_PIXELS):
        raise BadPicture(f"it is {width} by {height} pixels")
