"""Messages on a socket: the length in eight bytes, then the message."""

from __future__ import annotations

import socket
import struct

_HEAD = struct.Struct(">Q")
_PIECE = 1024 * 1024


def send(to: socket.socket, message: bytes) -> None:
    """Send a whole message; raise OSError if that fails."""
    to.sendall(_HEAD.pack(len(message)))
    to.sendall(message)


def receive(source: socket.socket) -> bytes | None:
    """Return a whole message, or None if the other end is closed; raise OSError on failure."""
    head = _exactly(source, _HEAD.size)
    return None if head is None else _exactly(source, _HEAD.unpack(head)[0])


def _exactly(source: socket.socket, size: int) -> bytes | None:
    message = bytearray()
    while len(message) < size:
        piece = source.recv(min(size - len(message), _PIECE))
        if not piece:
            return None
        message += piece
    return bytes(message)
