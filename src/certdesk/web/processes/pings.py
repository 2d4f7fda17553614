"""Whether a serving process still answers: one that hangs is alive, and its clients wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from certdesk.web.processes.messages import Ping

if TYPE_CHECKING:
    from collections.abc import Callable

    from certdesk.web.processes.messages import Message

PINGS = 5
"""How many pings in a row a process leaves unanswered before it counts as hanging."""


class Pings:
    """The pings of one serving process.

    Unanswered pings are counted, and no clock is read: a parent that was itself stopped for a while
    has sent none meanwhile.
    """

    def __init__(
        self,
        send: Callable[[Message], None],
        seconds: float,
        silent: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Send pings by `send`; the process may be silent for so many seconds.

        `silent` is called with the seconds for which it has been silent, and with 0 when it answers
        again.
        """
        self._send = send
        self._silent = silent
        self._pause = seconds / PINGS
        self._unanswered = 0

    def answered(self) -> None:
        """Note an answer."""
        if self._unanswered > 1:
            self._silent(0)
        self._unanswered = 0

    async def until_silent(self) -> None:
        """Return when the process has left `PINGS` pings unanswered."""
        while self._unanswered < PINGS:
            if self._unanswered:
                self._silent(self._unanswered * self._pause)
            self._unanswered += 1
            self._send(Ping())
            await asyncio.sleep(self._pause)
