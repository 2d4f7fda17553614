"""A value that must not be shown: it has no printable form, and named methods return it."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Text or bytes that may be used but not shown (a key, a pass phrase, a person's number).

    `repr`, `str`, f-strings and pickling never show the value; `reveal` does, and is the one word
    to search for when asking where secrets go.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | bytes) -> None:
        """Hide `value`; text is kept as UTF-8."""
        self._value = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """Return the hidden bytes."""
        return self._value

    def text(self) -> str:
        """Return the hidden value as text."""
        return self._value.decode()

    def __eq__(self, other: object) -> bool:
        """Whether two secrets are equal, in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> NoReturn:
        """Refuse: the hash of a short number would reveal the number."""
        msg = "a Secret has no hash"
        raise TypeError(msg)

    def __repr__(self) -> str:
        """Show that something is hidden here, and nothing of it."""
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied into a file."""
        msg = "a Secret cannot be serialised"
        raise TypeError(msg)


def mask(value: str) -> str:
    """Return a value with all but its first two and last two characters hidden, as the vendor does.

    A value of four characters or fewer is hidden completely. Source: `18*******99` in the vendor's
    replies.
    """
    visible = 2
    if len(value) <= 2 * visible:
        return "*" * len(value)
    return value[:visible] + "*" * (len(value) - 2 * visible) + value[-visible:]


def masked(value: Secret | None) -> str | None:
    """Return the masked form of a hidden telephone number, or None if there is none."""
    return None if value is None else mask(value.text())


def ending(value: Secret | None) -> str | None:
    """Return a hidden identity number with all but its last four characters hidden, or None."""
    if value is None:
        return None
    text, visible = value.text(), 4
    shown = text[-visible:] if len(text) > 2 * visible else ""
    return "*" * (len(text) - len(shown)) + shown


def plain(value: Secret | None) -> str | None:
    """Return a hidden value that may be shown to its owner (e-mail addresses), or None."""
    return None if value is None else value.text()


def hidden(text: str | None) -> Secret | None:
    """Return a given value hidden; None stays None."""
    return None if text is None else Secret(text)
