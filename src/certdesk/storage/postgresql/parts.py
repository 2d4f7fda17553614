"""The part of the counts that a connection writes to.

A count is the sum of its parts (`storage/schema.py`). Connections that write to different parts do
not change the same row, so their commits neither wait for each other nor lose to each other.
"""

from __future__ import annotations

import contextlib
from typing import Any

from certdesk.storage.driver import PART

PARTS = 64
"""How many connections, of all processes, can have a part of their own."""

PARTS_LOCK = 7_164_775

_TAKE = """
SELECT (
  SELECT part FROM pg_catalog.generate_series(0, %s) AS part
   WHERE pg_catalog.pg_try_advisory_lock(%s, part) LIMIT 1
)
"""


def take_part(connection: Any, info: dict[object, object]) -> None:  # noqa: ANN401 -- the driver's, which is imported late
    """Give a new connection the first part that no other one has, until its session ends.

    It shares one if all are taken or the server has no such locks: slower, and never wrong.
    """
    part = None
    with contextlib.suppress(type(connection).Error):
        (part,) = connection.execute(_TAKE, [PARTS - 1, PARTS_LOCK]).fetchone()
    info[PART] = connection.info.backend_pid % PARTS if part is None else part
