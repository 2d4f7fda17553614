"""Reads a request's body within its cap, its time and the memory that there is for bodies."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive

KIB = 1024
SMALL = 64 * KIB
"""A body up to this size is read whatever others hold: the number of connections limits them."""

RATE = KIB
"""Bytes a second that a body arrives at, on the average, once it has had `RATE_AFTER` seconds."""

RATE_AFTER = 10
SHARE = 4
"""An address may hold this part of the room for bodies: a quarter."""


class BodyTooLarge(Exception):
    """More bytes than the action takes were sent or announced."""


class BodyTooSlow(Exception):
    """The body did not arrive in time, or the client went away."""


class NoRoom(Exception):
    """Bodies in hand, of all or of this client's address, take all the memory for them."""


class BodyRoom:
    """Counts the memory that bodies larger than `SMALL` take; for the event loop's thread alone."""

    def __init__(self, limit: int) -> None:
        """Let all bodies together have `limit` bytes."""
        self._limit = limit
        self._held = 0
        self._blocks: Counter[str] = Counter()

    def change(self, block: str, more: int) -> None:
        """Count `more` bytes, or fewer.

        Raises:
            NoRoom: there is no room for them; they are not counted.
        """
        is_over = self._held + more > self._limit
        if more > 0 and (is_over or self._blocks[block] + more > self._limit // SHARE):
            raise NoRoom
        self._held += more
        self._blocks[block] += more
        if not self._blocks[block]:
            del self._blocks[block]

    def __len__(self) -> int:
        """Tell how many bytes are held."""
        return self._held


class BodyShare:
    """What one request's body takes of a room, until the context ends.

    `block` names the block of addresses that it counts for, and is asked for a large one alone.
    """

    def __init__(self, room: BodyRoom, block: Callable[[], str]) -> None:
        """Take nothing yet."""
        self._room, self._ask, self._block, self._held = room, block, "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.grow_to(0)

    def grow_to(self, size: int) -> None:
        """Take what a body of `size` bytes needs.

        Raises:
            NoRoom: there is not so much.
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
        BodyTooLarge: beyond `limit` bytes; an announced length is refused before it is read.
        BodyTooSlow: not complete after `seconds`, or slower than `RATE`.
        NoRoom: other bodies leave no room for it in the `share`.
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
