"""The reading of a request's body, within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive

KIB = 1024
SMALL = 64 * KIB
"""A body up to this size is always read: the number of connections limits these."""

RATE = KIB
"""The lowest average rate of a body, in bytes a second, after `RATE_AFTER` seconds."""

RATE_AFTER = 10
SHARE = 4
"""An address may use a quarter of the memory for bodies."""


class BodyTooLarge(Exception):
    """More bytes were sent or announced than the action takes."""


class BodyTooSlow(Exception):
    """The body did not arrive in time, or the client went away."""


class NoRoom(Exception):
    """The memory for bodies, in all or of this client's address, is full."""


class BodyRoom:
    """The memory used by bodies larger than `SMALL`; for the event loop's thread only."""

    def __init__(self, limit: int) -> None:
        """Allow all bodies together `limit` bytes."""
        self._limit = limit
        self._held = 0
        self._blocks: Counter[str] = Counter()

    def change(self, block: str, more: int) -> None:
        """Count `more` bytes, or fewer.

        Raises:
            NoRoom: there is not enough memory; they are not counted.
        """
        is_over = self._held + more > self._limit
        if more > 0 and (is_over or self._blocks[block] + more > self._limit // SHARE):
            raise NoRoom
        self._held += more
        self._blocks[block] += more
        if not self._blocks[block]:
            del self._blocks[block]

    def __len__(self) -> int:
        """Return how many bytes are used."""
        return self._held


class BodyShare:
    """The memory used by one request's body, until the context ends.

    `block` returns the block of addresses that it counts for; it is called for large bodies only.
    """

    def __init__(self, room: BodyRoom, block: Callable[[], str]) -> None:
        """Use nothing yet."""
        self._room, self._ask, self._block, self._held = room, block, "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.grow_to(0)

    def grow_to(self, size: int) -> None:
        """Reserve what a body of `size` bytes needs.

        Raises:
            NoRoom: there is not that much memory.
        """
        needed = size if size > SMALL else 0
        if needed == self._held:
            return
        self._block = self._block or self._ask()
        self._room.change(self._block, needed - self._held)
        self._held = needed


async def read_body(
    receive: Receive,
    announced: str | None,
    *,
    limit: int,
    seconds: float,
    share: BodyShare | None = None,
) -> bytes:
    """Read the whole body.

    Raises:
        BodyTooLarge: longer than `limit` bytes; an announced length is refused before reading.
        BodyTooSlow: not complete after `seconds`, or slower than `RATE`.
        NoRoom: other bodies leave no memory for it in the `share`.
    """
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise BodyTooLarge
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(now + min(seconds, RATE_AFTER)) as deadline:
            return await _collect(receive, limit, share, deadline, now + seconds)
    except TimeoutError:
        raise BodyTooSlow from None


async def _collect(
    receive: Receive,
    limit: int,
    share: BodyShare | None,
    deadline: asyncio.Timeout,
    latest: float,
) -> bytes:
    body = bytearray()
    began = asyncio.get_running_loop().time()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyTooSlow
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge
        if share is not None:
            share.grow_to(len(body))
        more = message.get("more_body", False)
        if more:
            deadline.reschedule(min(latest, began + RATE_AFTER + len(body) / RATE))
    return bytes(body)
