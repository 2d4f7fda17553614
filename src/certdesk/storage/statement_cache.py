"""Statements that depend on which values are given, made once for each shape of the values.

Such as a list by some filters: the filters decide the text of the statement, and their values are
bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, false

from certdesk.storage.driver import Statement

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Delete, Select

    from certdesk.storage.driver import Driver, Row, Taken

Values: TypeAlias = Mapping[str, Any]
Make: TypeAlias = "Callable[..., Select[Any] | Delete]"

MOST = 1000
"""The most statements kept."""

MOST_VALUES = 20_000
"""The most parameters of the statements kept: each takes some 200 bytes, and a filter may have
thousands."""


class StatementCache:
    """Statements, made when first needed.

    Values may be in dictionaries and lists. The function that makes a statement gets the same, with
    parameters in the place of the values, and with None where a value is None. So two values have
    the same shape if None and the lengths of lists are at the same places. After the values, the
    function gets what else the statement depends on, such as how a list is sorted.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._statements: dict[object, Statement] = {}
        self._values = 0

    def take(
        self,
        driver: Driver,
        what: Callable[[Iterator[Row]], Taken],
        make: Make,
        values: Values,
        *further: object,
    ) -> Taken:
        """Return `what` is taken from the rows; those that it does not ask for are not read."""
        statement, bound = self._of(make, values, further)
        return statement.take(driver, what, bound)

    def number(self, driver: Driver, make: Make, values: Values, *further: object) -> int:
        """Return the number that the only row has."""
        statement, bound = self._of(make, values, further)
        (number,) = statement.one(driver, bound)
        return int(number)

    def touch(self, driver: Driver, make: Make, values: Values, *further: object) -> int:
        """Write; return how many rows were affected."""
        statement, bound = self._of(make, values, further)
        return statement.touch(driver, bound)

    def _of(
        self, make: Make, values: Values, further: tuple[object, ...]
    ) -> tuple[Statement, dict[str, object]]:
        """Return a statement, and its values by the names of its parameters."""
        bound: dict[str, object] = {}
        shape = (make, further, _shape("v", values, bound))
        statement = self._statements.get(shape)
        if statement is None:
            statement = Statement(make(_parameters("v", values), *further))
            if len(self._statements) >= MOST or self._values >= MOST_VALUES:
                self._statements.clear()
                self._values = 0
            self._statements[shape] = statement
            self._values += len(bound)
        return statement, bound


def among(column: ColumnElement[Any], values: list[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some values.

    SQLAlchemy fills in an empty list only when it runs a statement itself.
    """
    return column.in_(values) if values else false()


def padded(values: Iterable[object]) -> list[object]:
    """Return values with the last one repeated until their number is a power of 2.

    So there are few lengths, each of which has a statement of its own.
    """
    found = list(values)
    length = 1 << (len(found) - 1).bit_length() if found else 0
    return found + found[-1:] * (length - len(found))


def _shape(name: str, value: object, bound: dict[str, object]) -> object:
    """Return the shape of values, and put each under the name of its parameter into `bound`."""
    if isinstance(value, dict):
        return tuple((key, _shape(f"{name}__{key}", value[key], bound)) for key in value)
    if isinstance(value, list):
        return tuple(_shape(f"{name}__{at}", each, bound) for at, each in enumerate(value))
    if value is None:
        return None
    bound[name] = value
    return True


def _parameters(name: str, value: object) -> object:
    """Return the parameters for values, by the same names."""
    if isinstance(value, dict):
        return {key: _parameters(f"{name}__{key}", value[key]) for key in value}
    if isinstance(value, list):
        return [_parameters(f"{name}__{at}", each) for at, each in enumerate(value)]
    return None if value is None else bindparam(name)
