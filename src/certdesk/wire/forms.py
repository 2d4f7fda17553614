"""Parameters that come as pairs of names and values: in a query, or in the form of a POST.

Clients write a list as `DnsNames.0`, `DnsNames.1` and a structure in one as `Tags.0.TagKey`. Pairs
are read as strictly as JSON is (`strict_json`), so that two readers of one request cannot
understand it differently, and with the same limits.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping

from certdesk.domain.errors import InvalidParameter
from certdesk.domain.values.redaction import redacted_name
from certdesk.wire.strict_json import DEPTH, NODES

PAIRS = 2000
"""The most pairs of a form."""

NAME_PARTS = 2 * NODES
"""The most parts between dots in all names of a form together."""

PEEKED = 8192
"""The most bytes of a parameter that is read before its sender is authenticated."""

_TO_QUOTED = bytes.maketrans(b"=%+", b"\0= ")
_FROM_QUOTED = bytes.maketrans(b"\0", b"=")
_INDEX = re.compile(r"0|[1-9][0-9]{0,3}")  # one spelling a place, and never more than NODES
_NOT_A_PAIR = "Url key and value should be splited by `=`."  # codespell:ignore splited


def read_pairs(raw: bytes) -> dict[str, str]:
    """Return the pairs of a query, or of a body that is `application/x-www-form-urlencoded`.

    `+` and `%20` both are a blank, as clients write both.

    Raises:
        InvalidParameter: a pair lacks its `=` or its name, has a wrong escape, is not UTF-8 or
            holds the character NUL; a name is given twice; there are more than `PAIRS`.
    """
    if not raw:
        return {}
    if raw.count(b"&") >= PAIRS:
        raise _invalid(f"The form has more than {PAIRS} parameters.", "form")
    pairs: dict[str, str] = {}
    for number, pair in enumerate(raw.split(b"&"), start=1):
        raw_name, equals, raw_value = pair.partition(b"=")
        if not equals or not raw_name:
            # Not shown: it may be the end of a value in which an `&` was not escaped.
            raise InvalidParameter(f"Pair {number} is not.", subject="form", sentence=_NOT_A_PAIR)
        name = _decode(raw_name, "form")
        if name in pairs:
            raise _invalid("It appears more than once.", name)
        pairs[name] = _decode(raw_value, name)
    return pairs


def peek(raw: bytes, names: Iterable[str]) -> dict[str, str]:
    """Return the first pair of each of these names, and nothing else; absent ones are left out.

    The cost does not depend on the number of pairs, so this is safe before the sender is
    authenticated. If `read_pairs` accepts the form too, it has the same values: it refuses a name
    that comes twice.

    Raises:
        InvalidParameter: a value is longer than `PEEKED` bytes, or is malformed.
    """
    found: dict[str, str] = {}
    for name in names:
        start = f"{name}=".encode()
        place = 0 if raw.startswith(start) else raw.find(b"&" + start) + 1
        if not place and not raw.startswith(start):
            continue
        begins = place + len(start)
        ends = raw.find(b"&", begins)
        value = raw[begins:] if ends < 0 else raw[begins:ends]
        if len(value) > PEEKED:
            raise _invalid(f"It is longer than {PEEKED} bytes.", name)
        found[name] = _decode(value, name)
    return found


def _decode(raw: bytes, subject: str) -> str:
    """Return a name or a value without its escapes."""
    plain = _unescape(raw)
    # Each escape of three bytes became one. `%` before the end of a line means something else (RFC
    # 2045, 6.7), and any other invalid escape shortens the text by at most one byte.
    escapes = raw.count(b"%")
    ends_of_lines = escapes and (b"%\n" in raw or b"%\r" in raw)
    if ends_of_lines or len(raw) - len(plain) != 2 * escapes:
        raise _invalid("A `%` in it is not followed by two hexadecimal digits.", subject)
    if b"\0" in raw or (escapes and b"%00" in raw):
        raise _invalid("It contains the character NUL.", subject)
    try:
        return plain.decode()
    except UnicodeDecodeError:
        raise _invalid("It must be UTF-8.", subject) from None


def _unescape(raw: bytes) -> bytes:
    """Return the bytes that escapes stand for.

    Escapes of this form and of quoted-printable differ only in their sign, and Python decodes the
    latter fifty times faster. A form is read before its sender is authenticated, so the speed
    matters. Meanwhile NUL, which is refused before, stands for `=`.
    """
    return binascii.a2b_qp(raw.translate(_TO_QUOTED)).translate(_FROM_QUOTED)


def unflatten(values: Mapping[str, object]) -> dict[str, object]:
    """Return nested parameters from values with dotted names.

    A member whose names are all numbers is a list; missing places are None. The order of the values
    does not matter.

    Raises:
        InvalidParameter: a name has an empty part, is both a value and a structure or both a list
            and a structure, or the parameters exceed the depth or the number that JSON may have.
    """
    tree = _Tree()
    for name, value in values.items():
        tree.plant(name, value)
    return tree.grown()


class _Branch(dict[str, object]):
    """A list or a structure that is being built, by the parts of names."""


class _Tree:
    """Nested parameters that are being built."""

    def __init__(self) -> None:
        self._root = _Branch()
        self._nodes = 1
        self._parts = 0

    def plant(self, name: str, value: object) -> None:
        """Add a value at its name."""
        if name.count(".") >= DEPTH:
            raise _invalid(f"It is nested more than {DEPTH} deep.", name)
        *parents, last = name.split(".")
        if not last or not all(parents):
            raise _invalid("A part of its name is empty.", name)
        # Each part of a name counts as a step, even one that leads to an existing branch.
        self._parts += len(parents) + 1
        if self._parts > NAME_PARTS:
            raise _invalid(f"The names have more than {NAME_PARTS} parts.", "form")
        branch = self._root
        for part in parents:
            branch = self._branch(branch, part, name)
        if last in branch:
            raise _invalid("It is both a value and a structure.", name)
        self._count(1)
        branch[last] = value

    def _branch(self, parent: _Branch, part: str, name: str) -> _Branch:
        """Return the branch at `part`, a new one if there is none yet."""
        if part not in parent:
            self._count(1)
            parent[part] = _Branch()
        branch = parent[part]
        if not isinstance(branch, _Branch):
            raise _invalid("It is a member of something that is a value.", name)
        return branch

    def _count(self, nodes: int) -> None:
        """Count nodes before they are built."""
        self._nodes += nodes
        if self._nodes > NODES:
            raise _invalid(f"There are more than {NODES} values.", "form")

    def grown(self) -> dict[str, object]:
        """Return the parameters, with lists as lists."""
        return {name: self._with_lists(member, name) for name, member in self._root.items()}

    def _with_lists(self, member: object, path: str) -> object:
        if not isinstance(member, _Branch):
            return member
        places = [int(part) for part in member if _INDEX.fullmatch(part)]
        if not places:
            return {
                part: self._with_lists(inner, f"{path}.{part}") for part, inner in member.items()
            }
        if len(places) < len(member):
            raise _invalid("It is both a list and a structure.", path)
        size = max(places) + 1
        self._count(size - len(places))
        return [
            self._with_lists(member.get(str(place)), f"{path}.{place}") for place in range(size)
        ]


def _invalid(rule: str, name: str) -> InvalidParameter:
    """Return a refusal; a name that a client chose is shortened before it is shown."""
    return InvalidParameter(rule, subject=redacted_name(name))
