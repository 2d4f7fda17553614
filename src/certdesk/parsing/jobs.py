"""What runs in a process of its own, and how it is written down on the way there and back.

What comes back is data alone, of the type that the parser promises: whoever takes such a process
over by what it reads gains nothing in the desk.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from certdesk.domain.pki import upload
from certdesk.domain.vetting import letters

PARSERS: Mapping[str, Callable[..., object]] = {
    "letter": letters.examine,
    "upload": upload.examine,
}
"""The parsers, by the names under which processes are asked for them."""

NAMES = {parser: name for name, parser in PARSERS.items()}


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A parser's name, the seconds of CPU that it may take, and its arguments."""

    parser: str
    seconds: float
    arguments: list[Any]


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What a parser found, or the class of the exception that it should not have raised."""

    found: msgspec.Raw
    failure: str = ""


ENCODER = msgspec.msgpack.Encoder()
ASKED = msgspec.msgpack.Decoder(Asked)
TOLD = msgspec.msgpack.Decoder(Told)
# Made while there is one thread: see `domain/values/sealed_fields.py`.
FOUND: Mapping[str, msgspec.msgpack.Decoder[Any]] = {
    name: msgspec.msgpack.Decoder(typing.get_type_hints(parser)["return"])
    for name, parser in PARSERS.items()
}
