"""The faults in the parameters of a request, and the message about them."""

from __future__ import annotations

from certdesk.domain.errors import (
    InvalidParameter,
    MissingParameter,
    ServiceError,
    UnknownParameter,
)
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import is_mistyped, length_only, redacted, redacted_name
from certdesk.domain.values.visible import visible

_LISTED = 50


class _Fault(Record):
    """One fault: its error, the dotted path of the parameter, and the rule."""

    error: type[ServiceError]
    path: str
    rule: str
    of: str = ""


class Faults:
    """All faults of a request.

    Only as many of each kind are put into words as the message lists, because the sender decides
    how many there are.
    """

    def __init__(self, unfit: type[ServiceError]) -> None:
        self._unfit = unfit
        self._unknown: list[_Fault] = []
        self._missing: list[_Fault] = []
        self._wrong: list[_Fault] = []
        self._count = 0

    def unknown(self, prefix: str, name: str) -> None:
        """Note a parameter that the action does not have."""
        self._count += 1
        if len(self._unknown) <= _LISTED:
            path = prefix + redacted_name(name)
            self._unknown.append(_Fault(UnknownParameter, path, "not recognized"))

    def missing(self, path: str) -> None:
        """Note a required parameter that is absent."""
        self._note(self._missing, _Fault(MissingParameter, path, "missing"))

    def wrong(self, path: str, expected: str, value: object, *, show: bool = False) -> None:
        """Note a value of another type, and the name of its type, or `show` it where that helps."""
        self._count += 1
        if len(self._wrong) <= _LISTED:
            came = _shown(value) if show else _kind(value)
            rule = f"input type should be {expected}, but {came} came"
            self._wrong.append(_Fault(InvalidParameter, path, rule))

    def long(self, path: str, unit: str, most: int, came: int) -> None:
        """Note a text or a list that is longer than its type allows."""
        rule = f"length should be at most {most} {unit}, but it has {came}"
        self._note(self._wrong, _Fault(self._unfit, path, rule))

    def unseen(self, path: str, rule: str) -> None:
        """Note a text that people cannot read as it is."""
        self._note(self._wrong, _Fault(self._unfit, path, rule, of="text "))

    def _note(self, faults: list[_Fault], fault: _Fault) -> None:
        self._count += 1
        if len(faults) <= _LISTED:
            faults.append(fault)

    def raise_first(self) -> None:
        """Raise the error of the first fault, if there is one."""
        faults = self._unknown + self._missing + self._wrong
        if not faults:
            return
        first, *others = faults
        sentences = [_in_a_sentence(first)] if first.error not in _NAMING else []
        if others:
            sentences.append(f"Further faults: {self._in_words(others)}.")
        raise first.error(" ".join(sentences), subject=first.path)

    def _in_words(self, others: list[_Fault]) -> str:
        """Return the text for all faults but the first, up to a number."""
        listed = "; ".join(f"`{fault.path}`: {fault.rule}" for fault in others[:_LISTED])
        rest = self._count - 1 - _LISTED
        return f"{listed}; and {rest} more" if rest > 0 else listed


_NAMING = (UnknownParameter, MissingParameter)
"""Errors whose own sentence is complete."""


def _in_a_sentence(fault: _Fault) -> str:
    """Return which rule is broken, and by which parameter if the error's sentence does not say."""
    if "%s" in fault.error.text:
        return f"Its {fault.of}{fault.rule}."
    return f"{fault.path}: {fault.rule}."


def _kind(value: object) -> str:
    """Return the JSON type of a value without the value."""
    kinds: list[tuple[type, str]] = [
        (str, "text"),
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
    ]
    return next((word for kind, word in kinds if isinstance(value, kind)), "a structure")


def _shown(value: object) -> str:
    """Return a value meant for a number or a truth value; for all others return the type."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | int | float) and is_mistyped(str(value)):
        return f"`{visible(str(value))}`"
    if isinstance(value, str):
        return length_only(value)
    return redacted(value) if isinstance(value, int) else _kind(value)
