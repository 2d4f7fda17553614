"""Redaction: a message repeats only values that cannot be a secret.

A value may be in the wrong place by mistake: a pass phrase for an algorithm, an identity number for
an id. So the rule depends on the value alone, and not on its parameter. It lets single words, small
numbers and host names through; for everything else a message has the kind and the length. A word
may be a pass phrase too: where only some words are valid, a message repeats only a word that is
close to one of them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable

from certdesk.domain.values.addresses import address_in
from certdesk.domain.values.visible import visible

SHOWN = 64
"""Most characters of a value that a message shows."""

LONGEST_HOST = 253
LONGEST_WORD = 16
MOST_DIGITS = 6
"""Most digits of a number; identity, telephone and passport numbers have more."""

_WORD = r"(?:[A-Z]?[a-z]+|[A-Z]+)"
_WORDS = re.compile(rf" *{_WORD}(?:_{_WORD})* *")
_NUMBER = re.compile(r"\s*[+-]?(?:0[xob])?[\d_,.]+(?:e[+-]?\d+)?\s*")
_EMPTY_OR_TRUTH = {
    *("true", "false", "yes", "no", "on", "off"),
    *("none", "null", "nil", "nan", "undefined"),
}
"""The words that programs write for a truth value, or for no value."""
_ALGORITHM = re.compile(
    r"(?:rsa|ecc|sm|sha|md|ed|x|p|sec[pt]|prime|brainpoolp)-?[0-9]{1,4}(?:[a-z][0-9])?",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UIN = re.compile(r"1000[0-9]{8}")  # of accounts here; no telephone number or document has it
# Other marks of ASCII are in pass phrases, and never in a host name, not even a mistyped one.
_HOST = re.compile(rf"[A-Za-z0-9_.*\x80-\U0010ffff-]*\.(?:{_WORD}|xn--[a-z0-9-]+|[^\x00-\x7f\s.]+)")


def error_text(error: Exception) -> str:
    """Return why a file, a socket or a text failed, in the system's words without its number."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def redacted(value: str | int) -> str:
    """Return a value for a message, text in quotation marks; or only what kind of value it is."""
    if isinstance(value, int):
        return _number(value)
    if not may_be_shown(value):
        return length_only(value)
    return visible(json.dumps(cut(value), ensure_ascii=False))


def redacted_bare(text: str) -> str:
    """Return a text for a message as `redacted` does, without quotation marks."""
    return visible(cut(text)) if may_be_shown(text) else length_only(text)


def missing_message(kind: str, name: str) -> str:
    """Return the message that there is nothing of a kind with that name."""
    if may_be_shown(name):
        return f"There is no {kind} {visible(cut(name))}."
    return f"There is no such {kind}. The name was {length_only(name)}."


def length_only(text: str) -> str:
    """Return only the length of a text, for a message."""
    unit = "character" if len(text) == 1 else "characters"
    return f"a text of {len(text)} {unit}"


def redacted_unless_near(text: str, choices: Iterable[str]) -> str:
    """Return a text for a message if it is close to a valid one, else only its length.

    A number, and the name of an algorithm, also count as close.
    """
    if len(text) > LONGEST_WORD or _digits(text) > MOST_DIGITS:
        return length_only(text)
    typed, right = text.strip().casefold(), [choice.casefold() for choice in choices]
    meant = is_mistyped(text) or _ALGORITHM.fullmatch(text)
    near = meant or difflib.get_close_matches(typed, right, 1)
    return visible(json.dumps(text, ensure_ascii=False)) if near else length_only(text)


def is_mistyped(text: str) -> bool:
    """Whether a text was meant for a number or a truth value."""
    if len(text) > LONGEST_WORD or _digits(text) > MOST_DIGITS:
        return False
    return bool(_NUMBER.fullmatch(text)) or text.strip().casefold() in _EMPTY_OR_TRUTH


def redacted_name(name: str) -> str:
    """Return the name of a parameter as a client wrote it, unless it could be a person's number."""
    if _digits(name) > MOST_DIGITS or "@" in name:
        return f"a name of {len(name)} characters"
    return visible(cut(name))


def may_be_shown(text: str) -> bool:
    """Whether a message may repeat a text: it could not be a secret or a person's number."""
    if address_in(text) or _DATE.fullmatch(text) or _UIN.fullmatch(text):
        return True
    if len(text) > LONGEST_HOST or _digits(text) > MOST_DIGITS:
        return False
    short = _WORDS.fullmatch(text) or _NUMBER.fullmatch(text) or _ALGORITHM.fullmatch(text)
    if short and len(text) <= LONGEST_WORD:
        return True
    host = text.strip().removesuffix(".").removeprefix("http://").removeprefix("https://")
    return bool(_HOST.fullmatch(host) or _NUMBERS.fullmatch(host))


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


def looks_personal(text: str) -> bool:
    """Whether a text could be a person's address or number: identity, telephone, passport."""
    return "@" in text or (_digits(text) > MOST_DIGITS and not may_be_shown(text))


def _number(value: int) -> str:
    if isinstance(value, bool) or abs(value) < 10**MOST_DIGITS:
        return json.dumps(value)
    return "a number with too many digits to be shown"


def cut(text: str) -> str:
    """Return a client's text, shortened to what a message shows."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
