"""A record that the garbage collector does not track cannot be part of a circle."""

from __future__ import annotations

import enum
import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import TypeVar

import certdesk
from certdesk.domain.values.record import Record

Base = TypeVar("Base")

MODULES = [
    found.name
    for found in pkgutil.walk_packages(certdesk.__path__, "certdesk.")
    if "migrations" not in found.name and not found.name.endswith("__main__")
]

# What holds no reference to a record that has it. Add what is such a value as well; a record with
# any other field has `gc=True`.
BUILT_IN = "None bool bytes datetime dict float frozenset int list str timedelta tuple type"
OF_OTHERS = (
    "Address Certificate EllipticCurve EllipticCurvePrivateKey Mapping Name Network PrivateKey"
    " PublicKey RRset Rcode Rdata ReasonFlags Sequence"
)
OF_THE_DESK = (
    "Code Lasting MaterialCleartext Members OrganisationCleartext PeopleCleartext Product Quotas"
    " Record Secret ShowReviewReply Words"
)
VALUES = {*BUILT_IN.split(), *OF_OTHERS.split(), *OF_THE_DESK.split()}


def below(kind: type[Base]) -> Iterator[type[Base]]:
    """Yield all classes of the desk that inherit from one, directly or not."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("certdesk."):
            yield each
        yield from below(each)


def names_in(annotation: object) -> set[str]:
    """Return the names of an annotation, without modules; a class is no instance of itself."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return set(re.findall(r"\w+(?![\w.])", re.sub(r"type\[[\w.]+\]", "type", text)))


def test_a_record_that_is_not_tracked_holds_plain_values() -> None:
    """Through a function or a future it could refer to itself, and would never be freed."""
    for name in MODULES:
        importlib.import_module(name)
    untracked = [kind for kind in below(Record) if not kind.__struct_config__.gc]
    plain = VALUES | {kind.__name__ for kind in [*untracked, *below(enum.Enum)]}
    found = {
        f"{kind.__module__}.{kind.__name__}.{field}": annotation
        for kind in untracked
        for field, annotation in kind.__annotations__.items()
        if names_in(annotation) - plain
    }
    assert len(untracked) > 150
    assert found == {}
