"""The connection between a serving process and its parent: one of a pair of sockets."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from certdesk.web.processes.messages import Message

Received = TypeVar("Received")

_HEAD = struct.Struct(">I")
"""The length of what follows: an array of messages."""

_ENCODER = msgspec.msgpack.Encoder()


class Channel(asyncio.Protocol, Generic[Received]):
    """Sends and receives messages in the order in which they were sent.

    What is sent in one turn of the event loop leaves together. For the event loop's thread only.
    """

    def __init__(
        self,
        decoder: msgspec.msgpack.Decoder[list[Received]],
        received: Callable[[Received], None],
        lost: Callable[[], None],
    ) -> None:
        """Call `received` with each message, and `lost` when the other process has ended."""
        self._decoder = decoder
        self._received = received
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._unsent: list[Message] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass on the messages that are complete."""
        self._unread += data
        while (frame := self._next_frame()) is not None:
            for message in self._decoder.decode(frame):
                self._received(message)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell that the other process has ended."""
        self._transport = None
        self._lost()

    def send(self, message: Message) -> None:
        """Send a message; it is dropped if the other process has ended."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self.flush)
        self._unsent.append(message)

    def flush(self) -> None:
        """Pass what was sent to the kernel now."""
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and unsent:
            content = _ENCODER.encode(unsent)
            self._transport.write(_HEAD.pack(len(content)) + content)

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def _next_frame(self) -> bytes | None:
        if len(self._unread) < _HEAD.size:
            return None
        (length,) = _HEAD.unpack_from(self._unread)
        end = _HEAD.size + length
        if len(self._unread) < end:
            return None
        frame = bytes(self._unread[_HEAD.size : end])
        del self._unread[:end]
        return frame
