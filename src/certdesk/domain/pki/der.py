"""The distinguished encoding rules (X.690), checked by shape alone; elements by structure.

Values which the desk does not need, such as those of unknown attributes, are checked like all
others: some readers look into them, and every tool should be able to read a request that the desk
accepts.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ELEMENTS_LIMIT = 1000
"""Most elements that are read: a request for a hundred names has some sixty."""

# Identifier bytes of the universal types that the desk reads and writes (X.680, 8.6).
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING = 0x01, 0x02, 0x03, 0x04
NULL, IDENTIFIER, ENUMERATED = 0x05, 0x06, 0x0A
GENERALIZED_TIME, BMP_STRING = 0x18, 0x1E
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED = 0x20
"""The bit of an element that consists of other elements."""

_CLASS = 0xC0
_NUMBER = 0x1F
_LONG = 0x80
_DEPTH_LIMIT = 32
_SHORTEST_BITS = 2  # bytes: the number of unused bits and one byte of bits


class NotDer(ValueError):
    """Bytes break the distinguished encoding rules; the text says which rule, and its section."""


class Element(Record):
    """One element: its identifier byte and its content."""

    tag: int
    content: bytes

    @property
    def whole(self) -> bytes:
        """The element as it was read: DER has one form for it."""
        return encode(self.tag, self.content)


def elements(data: bytes) -> Iterator[Element]:
    """Yield elements that follow each other and fill ``data``; raises ``NotDer``.

    Their contents are not read. Tags above 30 are refused: no request has any.
    """
    at = 0
    while at < len(data):
        start, end = _bounds(data, at, len(data))
        yield Element(data[at], data[start:end])
        at = end


def parts(element: Element, *tags: int) -> tuple[Element, ...]:
    """Return the elements inside an element, which must have these tags; raises ``NotDer``."""
    found = tuple(elements(element.content))
    if tuple(part.tag for part in found) != tags:
        raise NotDer("elements that its type does not have")
    return found


def identifier(dotted: str) -> bytes:
    """Return the content of an object identifier: `2.5.4.3` is `55 04 03` (X.690, 8.19)."""
    first, second, *rest = map(int, dotted.split("."))
    return b"".join(_arc(number) for number in (first * 40 + second, *rest))


def dotted(content: bytes) -> str:
    """Return an object identifier, which ``check`` has accepted, in its dotted form."""
    numbers = [0]
    for byte in content:
        numbers[-1] = numbers[-1] << 7 | byte & 0x7F
        if byte < _LONG:
            numbers.append(0)
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:-1])))


def encode(tag: int, content: bytes) -> bytes:
    """Return one element with this content, of less than 64 KiB."""
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    digits = length.to_bytes(1 if length <= 0xFF else 2)  # noqa: PLR2004 -- the most in a byte
    return bytes((tag, _LONG + len(digits))) + digits + content


def check(data: bytes) -> None:
    """Check that ``data`` is one element, well-formed at all depths; raises ``NotDer``.

    The time is that of reading ``ELEMENTS_LIMIT`` elements, however small they are.
    """
    if len(list(itertools.islice(elements(data), 2))) != 1:
        raise NotDer("not one element")
    at, ends = 0, [len(data)]
    for _ in range(ELEMENTS_LIMIT):
        tag = data[at]
        start, end = _bounds(data, at, ends[-1])
        if not tag & _CLASS:
            _refuse_form(tag, data[start:end])
        if tag & CONSTRUCTED:
            if len(ends) > _DEPTH_LIMIT:
                raise NotDer("elements nested too deep")
            ends.append(end)
        at = start if tag & CONSTRUCTED else end
        while at == ends[-1]:
            ends.pop()
            if not ends:
                return
    raise NotDer(f"more than {ELEMENTS_LIMIT} elements")


def crowded(data: bytes, most: int = ELEMENTS_LIMIT) -> bool:
    """Whether ``data`` has more than ``most`` elements, as far as it can be read."""
    contents, count = [data], 0
    while contents:
        with contextlib.suppress(NotDer):
            for element in elements(contents.pop()):
                count += 1
                if count > most:
                    return True
                if element.tag & CONSTRUCTED:
                    contents.append(element.content)
    return False


def _arc(number: int) -> bytes:
    """Return one number of an identifier, seven bits a byte; all bytes but the last are marked."""
    shifts = range(7, number.bit_length(), 7)
    marked = [number >> shift & 0x7F | _LONG for shift in reversed(shifts)]
    return bytes((*marked, number & 0x7F))


def _bounds(data: bytes, at: int, last: int) -> tuple[int, int]:
    """Return where the content of the element at a position starts and ends.

    What contains the element ends at ``last``.
    """
    if data[at] & _NUMBER == _NUMBER:
        raise NotDer("a tag number above 30")
    at += 1
    if at < last and data[at] < _LONG:
        start, length = at + 1, data[at]
    else:
        # Lengths of one and two bytes are enough for 64 KiB; DER has no indefinite form (X.690,
        # 10.1).
        size = data[at] - _LONG if at < last else 0
        start = at + 1 + size
        length = int.from_bytes(data[at + 1 : start])
        if size not in {1, 2} or length < (_LONG if size == 1 else 0x100):
            raise NotDer("a length that is not in its shortest form (X.690, 10.1)")
    if start + length > last:
        raise NotDer("a length beyond the end (X.690, 8.1.3)")
    return start, start + length


def _refuse_form(tag: int, content: bytes) -> None:
    """Refuse an element of a universal type that is not in the canonical form of its type."""
    number = tag & _NUMBER
    if bool(tag & CONSTRUCTED) != (number in _UNIVERSAL_CONSTRUCTED):
        raise NotDer("a type in the wrong form, primitive or constructed (X.690, 8 and 10.2)")
    rule = _CONTENTS.get(number)
    if rule is not None and not rule(content):
        raise NotDer("content that is not in its canonical form (X.690, 8 and 11)")


def _is_integer(content: bytes) -> bool:
    """Whether an integer has the fewest bytes: its first nine bits are not all alike (8.3.2)."""
    first_nine = int.from_bytes(content[:2]) >> 7
    return bool(content) and (len(content) == 1 or first_nine not in {0, 0x1FF})


def _is_bit_string(content: bytes) -> bool:
    """Whether a bit string begins with its unused bits, 0 to 7, and these are zero (11.2)."""
    if len(content) < _SHORTEST_BITS:
        return content == b"\x00"
    return content[0] in range(8) and not content[-1] & ((1 << content[0]) - 1)


def _is_identifier(content: bytes) -> bool:
    """Whether each arc ends with a byte below 128 and begins with no useless 128 (8.19.2)."""
    if not content or content[-1] >= _LONG:
        return False
    starts = zip(b"\x00" + content, content, strict=False)
    return _LONG not in content or not any(
        before < _LONG and byte == _LONG for before, byte in starts
    )


# EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING; DER has no strings in parts (10.2).
_UNIVERSAL_CONSTRUCTED = frozenset({8, 11, 16, 17, 29})
_CONTENTS: dict[int, Callable[[bytes], bool]] = {
    0: lambda _: False,  # the end of an indefinite length
    1: lambda content: content in {b"\x00", b"\xff"},  # BOOLEAN (11.1)
    2: _is_integer,
    3: _is_bit_string,
    5: lambda content: not content,  # NULL
    6: _is_identifier,
    10: _is_integer,  # ENUMERATED
    28: lambda content: len(content) % 4 == 0,  # UniversalString
    30: lambda content: len(content) % 2 == 0,  # BMPString
}
