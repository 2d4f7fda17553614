"""Strict JSON: the rules for a body before anything else reads it.

Two readers of one body must not be able to understand it differently (RFC 8259 leaves repeated
keys, big numbers and lone surrogates open), and a body must not cost more than its size suggests.
"""

from __future__ import annotations

import collections
import json
import math
from typing import NoReturn

from certdesk.domain.values.redaction import redacted_name

DEPTH = 32
"""The most objects and arrays inside each other."""

NODES = 10_000
"""The most values of a body, including objects and arrays."""

ESCAPES = 200_000
"""The most backslashes of a body: a letter in base64 with line breaks has a third of this."""

LARGEST_INTEGER = 2**53
"""The largest whole number that every JSON reader holds exactly."""

_INTEGER_CHARACTERS = 17  # a sign and the 16 digits of LARGEST_INTEGER


class BadJson(ValueError):
    """A body that is not the JSON it has to be; `rule` says in words which rule it breaks.

    `rule` is a clause without a full stop. Of the body, it holds only the name of a member.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def parse_object(body: bytes, *, depth: int = DEPTH, nodes: int = NODES) -> dict[str, object]:
    """Return a body as one JSON object; an empty body, or `null`, is an empty object.

    Ruby's SDK sends `null` for an action without parameters.

    Raises:
        BadJson: the body is not UTF-8, not JSON, not an object, repeats a key, holds a number
            or a text that readers understand differently, or exceeds `depth` or `nodes`.
    """
    if not body:
        return {}
    value = parse_value(body, nodes=nodes)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadJson("the body must be a JSON object")
    check_limits(value, depth=depth, nodes=nodes)
    return value


def parse_value(body: bytes, *, nodes: int = NODES) -> object:
    """Return a body as one JSON value of any kind, by all rules but those of `check_limits`.

    Raises:
        BadJson: the body is not UTF-8, not JSON, repeats a key, holds a number that readers
            understand differently, or has more commas or brackets than `nodes`, or more
            backslashes than `ESCAPES`.
    """
    text = _text(body)
    # Counted before parsing: 2 MiB of short numbers would take 0.15 s to parse. Commas and brackets
    # inside texts count too, since no text of an action holds so many.
    if separators(text) > nodes:
        raise BadJson(f"the body has more than {nodes} commas or brackets")
    if text.count("\\") > ESCAPES:
        raise BadJson(f"the body has more than {ESCAPES} backslashes")
    return _load(text)


def separators(text: str) -> int:
    """Return the number of separators: how much work a JSON text is to parse."""
    return max(text.count(","), text.count("[") + text.count("{"))


def _text(body: bytes) -> str:
    """Return a body decoded as UTF-8 without a byte order mark."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadJson("the body must be UTF-8") from None
    if text.startswith("\ufeff"):
        raise BadJson("the body must not begin with a byte order mark")
    return text


def _load(text: str) -> object:
    """Return a text parsed as JSON, by rules that need no knowledge of the whole."""
    try:
        value: object = _DECODER.decode(text)
    except RecursionError:
        raise BadJson("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadJson(f"the body must be JSON ({error.msg}: {place})") from None
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object whose keys are all different."""
    members = dict(pairs)
    if len(members) != len(pairs):
        [(name, _)] = collections.Counter(name for name, _ in pairs).most_common(1)
        raise BadJson(f"an object has the member `{redacted_name(name)}` more than once")
    return members


def _integer(digits: str) -> int:
    """Return a whole number that every reader can hold exactly."""
    if len(digits) > _INTEGER_CHARACTERS or abs(number := int(digits)) > LARGEST_INTEGER:
        raise BadJson("a whole number is beyond 2^53")
    return number


def _fraction(digits: str) -> float:
    """Return a number that is finite once it is read."""
    number = float(digits)
    if not math.isfinite(number):
        raise BadJson("a number is too large")
    return number


def _constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which are JavaScript's and not JSON's."""
    raise BadJson(f"`{name}` is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)


def check_limits(top: dict[str, object], *, depth: int = DEPTH, nodes: int = NODES) -> None:
    """Check the depth and the number of the values of a body, and every text.

    Raises:
        BadJson: they exceed `depth` or `nodes`, or a text cannot be stored or sent everywhere.
    """
    # Level by level, since a recursion would have a limit of its own.
    containers: list[dict[str, object] | list[object]] = [top]
    count = 1
    for _ in range(depth):
        members: list[object] = []
        keys: list[str] = []
        for container in containers:
            if isinstance(container, dict):
                keys.extend(container)
                members.extend(container.values())
            else:
                members.extend(container)
        count += len(members)
        if count > nodes:
            raise BadJson(f"the body has more than {nodes} values")
        _check_texts(keys + [member for member in members if isinstance(member, str)])
        containers = [member for member in members if isinstance(member, (dict, list))]
        if not containers:
            return
    raise BadJson(f"the body is nested more than {depth} deep")


def _check_texts(texts: list[str]) -> None:
    """Refuse texts that not everything can store or send: NUL, and half a surrogate pair."""
    joined = "".join(texts)
    if "\0" in joined:
        raise BadJson("a text contains the character NUL")
    try:
        joined.encode()
    except UnicodeEncodeError:
        raise BadJson("a text contains half a surrogate pair") from None
