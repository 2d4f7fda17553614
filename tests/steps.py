"""Counts how many steps a pattern takes on a text, and finds texts on which it takes many.

`re` tells nobody how often it goes back. This is the same search, written out: it follows the
parsed pattern as the library does, and counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]  # no module of it has types
from re import _parser  # type: ignore[attr-defined]  # as above
from typing import Any, TypeAlias

Kind: TypeAlias = Any
Value: TypeAlias = Any
Item: TypeAlias = tuple[Kind, Value]
"""A part of a pattern as the library's parser gives it, which has no types."""

Then: TypeAlias = Callable[[int], bool]

REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
MANY = 64
"""A repetition that may go on for longer counts as one without end."""

AROUND = [chr(code) for code in range(256)] + ["\u2028", "中"]


class TooMany(Exception):
    """A search took more steps than anybody wants to count."""


class Counter:
    """Follows one pattern on one text."""

    def __init__(self, pattern: re.Pattern[Any], text: str, most: int) -> None:
        """Begin with no step taken; `most` ends it."""
        raw = pattern.pattern
        self.items: list[Item] = list(
            _parser.parse(raw.decode("latin-1") if isinstance(raw, bytes) else raw, pattern.flags)
        )
        self.text = text
        self.flags = pattern.flags
        self.most = most
        self.steps = 0
        self.groups: dict[int, str] = {}

    def at(self, start: int, *, whole: bool = False) -> int | None:
        """Match at a place, or fail; give where the match ends."""
        ends: list[int] = []

        def then(end: int) -> bool:
            if whole and end != len(self.text):
                return False
            ends.append(end)
            return True

        return ends[0] if self._run(self.items, 0, start, then) else None

    def everywhere(self) -> None:
        """Search for all matches, as `sub` does."""
        at = 0
        while at <= len(self.text):
            end = self.at(at)
            at = max(end, at + 1) if end is not None else at + 1

    def _run(self, items: Sequence[Item], place: int, at: int, then: Then) -> bool:
        self.steps += 1
        if self.steps > self.most:
            raise TooMany
        if place == len(items):
            return then(at)
        kind, value = items[place]

        def rest(end: int) -> bool:
            return self._run(items, place + 1, end, then)

        if kind in REPEATS:
            return self._repeat(kind, value, at, rest)
        return self._one(kind, value, at, rest)

    def _one(self, kind: Kind, value: Value, at: int, rest: Then) -> bool:
        if kind is op.BRANCH:
            return any(self._run(list(way), 0, at, rest) for way in value[1])
        if kind is op.SUBPATTERN:
            return self._group(value[0], list(value[3]), at, rest)
        if kind is op.ATOMIC_GROUP:
            end = self._first(list(value), at)
            return end is not None and rest(end)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            return self._looks(value, at) == (kind is op.ASSERT) and rest(at)
        return self._simple(kind, value, at, rest)

    def _looks(self, value: Value, at: int) -> bool:
        start = at if value[0] > 0 else at - value[1].getwidth()[0]
        return start >= 0 and self._first(list(value[1]), start) is not None

    def _simple(self, kind: Kind, value: Value, at: int, rest: Then) -> bool:
        if kind is op.GROUPREF:
            group = self.groups.get(value)
            return group is not None and self.text.startswith(group, at) and rest(at + len(group))
        if kind is op.AT:
            return self._is_at(value, at) and rest(at)
        fits = at < len(self.text) and fitting(kind, value, self.flags)(self.text[at])
        return fits and rest(at + 1)

    def _is_at(self, value: Value, at: int) -> bool:
        begins, ends = at == 0, at == len(self.text)
        of_lines = bool(self.flags & re.MULTILINE)
        if value is op.AT_BEGINNING:
            return begins or (of_lines and self.text[at - 1] == "\n")
        if value is op.AT_END:
            return ends or self.text[at:] == "\n" or (of_lines and self.text[at] == "\n")
        if value is op.AT_BEGINNING_STRING:
            return begins
        if value is op.AT_END_STRING:
            return ends
        raise NotImplementedError(f"{value} is not followed here yet")

    def _group(self, number: int | None, items: list[Item], at: int, rest: Then) -> bool:
        def then(end: int) -> bool:
            if number is not None:
                self.groups[number] = self.text[at:end]
            return rest(end)

        return self._run(items, 0, at, then)

    def _first(self, items: list[Item], at: int) -> int | None:
        ends: list[int] = []

        def then(end: int) -> bool:
            ends.append(end)
            return True

        return ends[0] if self._run(items, 0, at, then) else None

    def _repeat(self, kind: Kind, value: Value, at: int, rest: Then) -> bool:
        least, most, body = value[0], value[1], list(value[2])
        if kind is op.POSSESSIVE_REPEAT:
            return self._possessive(least, most, body, at, rest)

        def loop(count: int, here: int) -> bool:
            def more() -> bool:
                further = count < most
                return further and self._run(
                    body, 0, here, lambda end: end > here and loop(count + 1, end)
                )

            def enough() -> bool:
                return count >= least and rest(here)

            ways = (enough, more) if kind is op.MIN_REPEAT else (more, enough)
            return any(way() for way in ways)

        return loop(0, at)

    def _possessive(self, least: int, most: int, body: list[Item], at: int, rest: Then) -> bool:
        count = 0
        while count < most and (end := self._first(body, at)) is not None and end > at:
            count, at = count + 1, end
        return count >= least and rest(at)


def fitting(kind: Kind, value: Value, flags: int) -> Callable[[str], bool]:
    """Give whether a character fits one item of a pattern.

    Raises:
        NotImplementedError: an item of this kind is new here. It is not passed over: a pattern
            that is followed in part has too few steps, and would pass.
    """
    if flags & re.IGNORECASE:
        fits = fitting(kind, value, flags & ~re.IGNORECASE)
        return lambda text: any(map(fits, {text, *text.lower(), *text.upper()}))
    if kind is op.ANY:
        return lambda text: bool(flags & re.DOTALL) or text != "\n"
    if kind in (op.LITERAL, op.NOT_LITERAL):
        return lambda text: bool((ord(text) == value) == (kind is op.LITERAL))
    if kind is op.IN:
        return lambda text: _within(value, text)
    raise NotImplementedError(f"{kind} is not followed here yet")


def _within(members: Sequence[Item], text: str) -> bool:
    negated = members[0][0] is op.NEGATE
    found = any(_member(kind, value, text) for kind, value in members[negated:])
    return found != negated


def _member(kind: Kind, value: Value, text: str) -> bool:
    if kind is op.LITERAL:
        return bool(ord(text) == value)
    if kind is op.RANGE:
        return bool(value[0] <= ord(text) <= value[1])
    known = {
        op.CATEGORY_SPACE: str.isspace,
        op.CATEGORY_NOT_SPACE: lambda text: not text.isspace(),
        op.CATEGORY_DIGIT: str.isdigit,
    }
    return bool(known[value](text))


# --- texts that may take long ------------------------------------------------------------------


def shortest(items: Sequence[Item], flags: int) -> str:
    """Give a short text that fits a part of a pattern."""
    text = ""
    for kind, value in items:
        if kind in REPEATS:
            text += shortest(value[2], flags) * value[0]
        elif kind is op.BRANCH:
            text += min((shortest(way, flags) for way in value[1]), key=len)
        elif kind is op.SUBPATTERN:
            text += shortest(value[3], flags)
        elif kind is op.ATOMIC_GROUP:
            text += shortest(value, flags)
        elif kind not in (op.AT, op.ASSERT, op.ASSERT_NOT, op.GROUPREF):
            text += next(each for each in AROUND[33:] + AROUND if fitting(kind, value, flags)(each))
    return text


def repetitions(items: Sequence[Item], flags: int, before: str = "") -> Iterator[tuple[str, Any]]:
    """Give each repetition without end, and a text that leads to it."""
    for place, (kind, value) in enumerate(items):
        here = before + shortest(items[:place], flags)
        inner: list[Any] = []
        if kind in REPEATS:
            if value[1] > MANY:
                yield here, value[2]
            inner = [value[2]]
        elif kind is op.BRANCH:
            inner = list(value[1])
        elif kind is op.SUBPATTERN:
            inner = [value[3]]
        elif kind is op.ATOMIC_GROUP:
            inner = [value]
        for part in inner:
            yield from repetitions(part, flags, here)


def atoms(items: Sequence[Item]) -> Iterator[Item]:
    """Give every item of a pattern that stands for one character."""
    for kind, value in items:
        if kind in REPEATS:
            yield from atoms(value[2])
        elif kind is op.BRANCH:
            for way in value[1]:
                yield from atoms(way)
        elif kind is op.SUBPATTERN:
            yield from atoms(value[3])
        elif kind is op.ATOMIC_GROUP:
            yield from atoms(value)
        elif kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            yield kind, value


def alphabet(items: Sequence[Item], flags: int) -> list[str]:
    """Give one character for each set of items that characters fit: no two are alike to it."""
    known = {str(atom): fitting(*atom, flags) for atom in atoms(items)}
    kinds: dict[tuple[bool, ...], str] = {}
    for each in AROUND:
        kinds.setdefault(tuple(fits(each) for fits in known.values()), each)
    return list(kinds.values())


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str]]:
    """Give what a hostile text begins with, and what it then repeats."""
    items = Counter(pattern, "", 1).items
    flags = pattern.flags
    characters = alphabet(items, flags)
    for before, body in repetitions(items, flags):
        pumps = [*characters, shortest(body, flags), before + shortest(body, flags), before]
        pumps += [shortest(body, flags) + each for each in characters]
        yield from ((before, pump) for pump in dict.fromkeys(pumps) if pump)
    whole = shortest(items, flags)
    yield from (("", pump) for pump in (whole, whole[:-1], whole[:1], *characters) if pump)
