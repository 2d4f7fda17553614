"""Whether a PDF file is complete, can be read by anybody, and contains no actions.

No object is built, no reference is followed and no page is drawn, so that a file with circular
references cannot keep the desk busy. The check searches for names, because every action has one: in
the file itself, and in its streams of objects. A stream that may hold objects and cannot be
unpacked is refused. Time and memory are those of reading the file and `MOST_OBJECTS` bytes a few
times. Source: ISO 32000-1 7.2, 7.3, 7.5, 12.6.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from certdesk.domain.values.record import Record

MOST_OBJECTS = 16 * 1024 * 1024
"""The most bytes that a file's streams of objects may have, unpacked."""

ACTIVE = (
    "JavaScript",
    "Launch",
    "SubmitForm",
    "ImportData",
    "GoToR",
    "GoToE",
    "Rendition",
    "RichMedia",
    "EmbeddedFile",
    "EmbeddedFiles",
    "FileAttachment",
    "XFA",
)
"""Names that run, open or embed something else."""

_BLANK = rb"\0\t\n\f\r "
_REGULAR = rb"[^" + _BLANK + rb"()<>\[\]{}/%]"
_TOKEN = re.compile(
    rb"(?P<blank>[" + _BLANK + rb"]+|%[^\r\n]*)"
    rb"|(?P<text><<|>>|<[0-9A-Fa-f" + _BLANK + rb"]*>|/?" + _REGULAR + rb"+|[\[\]{}(/])"
)
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT = re.compile(rb"(?<!end)obj(?!" + _REGULAR + rb")")
_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_END = re.compile(rb"startxref\s+\d{1,10}\s+%%EOF")
_END_SIZE = 1024
_KEYS = frozenset((b"Type", b"First", b"Filter", b"DecodeParms", b"DP", b"F", b"FFilter"))
_MOST_TOKENS = 8
_DEPTHS = {b"<<": 1, b"[": 1, b">>": -1, b"]": -1}


class BadPdf(ValueError):
    """A file is not a complete PDF file, or contains actions; the text says why."""


class _Dictionary(Record):
    """A dictionary: the first tokens of the values of `_KEYS`, without brackets, and its end.

    Keys and names are without `/` and without escapes. The tokens of a key that is there twice are
    put together: then the value is not the expected one, whichever a reader takes.
    """

    entries: dict[bytes, list[bytes]]
    has_stream: bool
    end: int
    """The beginning of the stream, if it has one."""


class _Token(Record):
    """A token and its end; for a string the text is `(` alone."""

    text: bytes
    end: int


_NOTHING = _Token(b"", 0)


def check_pdf(content: bytes) -> None:
    """Refuse a PDF file without header, pages or end, or with actions.

    Raises:
        BadPdf: the file is refused.
    """
    if not _HEADER.match(content):
        raise BadPdf("it does not begin as a PDF file")
    _check_end(content)
    budget = _Budget(2 * len(content))
    if _ENCRYPTED.search(content):
        raise BadPdf("it is encrypted")
    pages = False
    for text in (content, *_objects_in_streams(content, budget)):
        acts = _ACTS.search(text)
        if acts:
            raise BadPdf(f"it contains {_plain(acts[0])}, which a letter must not have")
        pages = pages or _PAGE.search(text) is not None
    if not pages:
        raise BadPdf("it has no page")


def _plain(name: bytes) -> str:
    return _unescaped(name[1:]).decode()


def _unescaped(name: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), name)


def _spelt(*names: str) -> re.Pattern[bytes]:
    """Return a pattern of names, any letter of which may be written as `#` and two digits."""
    spelt = ("".join(f"(?:{c}|#(?i:{ord(c):02x}))" for c in name) for name in names)
    return re.compile(b"/(?:" + "|".join(spelt).encode() + b")(?!" + _REGULAR + b")")


_ACTS = _spelt(*ACTIVE)
_PAGE = _spelt("Page")
_ENCRYPTED = _spelt("Encrypt")


class _Budget:
    """How many bytes may still be read as dictionaries and streams of objects.

    Those of a sound file do not overlap; a file in which they do would be read again and again.
    """

    def __init__(self, left: int) -> None:
        """Begin with this many bytes."""
        self._left = left

    def spend(self, size: int) -> None:
        """Take bytes from the budget; raises `BadPdf` if it is used up."""
        self._left -= size
        if self._left < 0:
            raise BadPdf("its objects are nested")


def _check_end(content: bytes) -> None:
    """Check that the end mark is near the end, where readers look for it; raises `BadPdf`.

    The position that it names is not followed: readers find the pages of a file without it too.
    """
    if _END.search(content, max(0, len(content) - _END_SIZE)) is None:
        raise BadPdf("it does not end as a PDF file")


def _objects_in_streams(content: bytes, budget: _Budget) -> list[bytes]:
    """Return the unpacked streams that hold objects; unpacked ones are read with the file itself.

    Raises:
        BadPdf: one of them cannot be unpacked, or they are too long together.
    """
    found: list[bytes] = []
    left = MOST_OBJECTS
    for begins in _OBJECT.finditer(content):
        dictionary = _dictionary(content, begins.end(), budget)
        if dictionary is None or not dictionary.has_stream or not _may_hold_objects(dictionary):
            continue
        if _is_packed(dictionary):
            found.append(_unpacked(content, dictionary.end, budget, left))
            left -= len(found[-1])
    return found


def _may_hold_objects(dictionary: _Dictionary) -> bool:
    """Whether its stream holds objects, by its type or for readers that ignore the type."""
    entries = dictionary.entries
    return b"ObjStm" in entries.get(b"Type", ()) or b"First" in entries


def _is_packed(dictionary: _Dictionary) -> bool:
    """Return whether a stream is packed as nearly all are, or not at all.

    Raises:
        BadPdf: it is packed in another way, or is in another file.
    """
    filters = dictionary.entries.get(b"Filter", [])
    others = dictionary.entries.keys() & {b"DecodeParms", b"DP", b"F", b"FFilter"}
    if filters not in ([], [b"FlateDecode"]) or others:
        raise BadPdf("its objects are compressed in a way that the desk does not read")
    return bool(filters)


def _unpacked(content: bytes, begins: int, budget: _Budget, most: int) -> bytes:
    ends = content.find(b"endstream", begins)
    budget.spend((len(content) if ends < 0 else ends) - begins)
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(content[begins:ends].lstrip(b"\r\n"), most + 1)
    except zlib.error:
        raise BadPdf("its compressed objects are damaged") from None
    if len(found) > most:
        raise BadPdf(f"its objects have more than {MOST_OBJECTS} bytes")
    if not unpacking.eof:
        raise BadPdf("some of its objects are missing")
    return found


def _dictionary(content: bytes, at: int, budget: _Budget) -> _Dictionary | None:
    """Return the next dictionary, None if there is none.

    Raises:
        BadPdf: it does not end, or is malformed, or too much has been read.
    """
    tokens = _tokens(content, at, budget)
    if next(tokens, _NOTHING).text != b"<<":
        return None
    entries: dict[bytes, list[bytes]] = {}
    key, depth, valued = b"", 1, True
    for token in tokens:
        depth += _DEPTHS.get(token.text, 0)
        if depth == 0:
            after = next(tokens, _NOTHING)
            return _Dictionary(entries, after.text == b"stream", after.end)
        if depth == 1 and valued and token.text.startswith(b"/"):
            key, valued = _unescaped(token.text[1:]), False
            continue
        valued = True
        value = entries.setdefault(key, []) if key in _KEYS else []
        if token.text not in _DEPTHS and len(value) < _MOST_TOKENS:
            value.append(_unescaped(token.text.removeprefix(b"/")))
    raise BadPdf("one of its objects cannot be read")


def _tokens(content: bytes, at: int, budget: _Budget) -> Iterator[_Token]:
    """Yield the tokens from a position to the end or the first invalid one."""
    while at < len(content):
        found = _TOKEN.match(content, at)
        if found is None:
            return
        text = found["text"]
        end = _end_of_string(content, at) if text == b"(" else found.end()
        budget.spend(end - at)
        if text:
            yield _Token(text, end)
        at = end


def _end_of_string(content: bytes, at: int) -> int:
    depth = 0
    for found in _IN_STRING.finditer(content, at):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(content)
