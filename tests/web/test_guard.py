"""For how long a key is remembered that was looked up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from certdesk.ports import Unit
from certdesk.testing.store import MemoryStore
from certdesk.web.guard import REMEMBERED_SECONDS, Guard
from tests.inside import InsideDesk

Result = TypeVar("Result")


class SlowStore(MemoryStore):
    """A store whose answers come late, as on a machine that is busy."""

    late = 0.0

    def read(self, query: Callable[[Unit], Result]) -> Result:
        """Read, and give it `late` seconds later."""
        found = super().read(query)
        time.sleep(self.late)
        return found


def test_a_key_is_remembered_from_the_time_that_it_was_read(tmp_path: Path) -> None:
    """Not from when the answer came: it may have been disabled meanwhile."""
    store = SlowStore()
    desk = InsideDesk(tmp_path, store=store)
    secret_id = desk.account().actor
    guard = Guard(desk.engine)
    store.late = REMEMBERED_SECONDS

    known = guard.look_up(secret_id)

    assert known.caller.actor == secret_id
    assert guard.recall(secret_id) is None
