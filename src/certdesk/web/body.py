"""Reads a request's body within its cap and its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive


class BodyTooLarge(Exception):
    """More bytes than the action takes were sent or announced."""


class BodyTooSlow(Exception):
    """The body did not arrive in time, or the client went away."""


async def read_body(
    receive: Receive, announced: str | None, *, limit: int, seconds: float
) -> bytes:
    """Read the whole body.

    Raises:
        BodyTooLarge: beyond `limit` bytes; an announced length is refused before it is read.
        BodyTooSlow: not complete after `seconds`.
    """
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, limit)
    except TimeoutError:
        raise BodyTooSlow from None


async def _collect(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyTooSlow
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge
        more = message.get("more_body", False)
    return bytes(body)
