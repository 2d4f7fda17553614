"""The base of values that do not change, stored or not, with fields of declared types."""

from __future__ import annotations

from typing import TYPE_CHECKING, dataclass_transform

import msgspec

if TYPE_CHECKING:
    # It has the same arguments, and mypy checks them only under this name.
    from dataclasses import replace
else:
    from msgspec.structs import replace

__all__ = ["Record", "replace"]


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of the store, a part of one, or any other value that does not change.

    `replace` returns a changed copy. It is made and copied in a tenth of the time that a frozen
    dataclass takes, which counts in an order of 50 fields; its class is made in a thirtieth, which
    counts in a start (docs/adr/0038-records.md).

    It is not tracked by the garbage collector, so its fields never refer back to it. Through
    functions, futures, exceptions and objects that work they could: a class that has such fields
    is given `gc=True`.
    """
