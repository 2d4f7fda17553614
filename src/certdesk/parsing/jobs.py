"""The parsers that run in a separate process, and the encoding of requests and answers.

Answers are plain data of the type that the parser promises, so that an attacker who takes over such
a process gains nothing in the desk.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from certdesk.domain.pki import upload
from certdesk.domain.vetting import letters

PARSERS: Mapping[str, Callable[..., object]] = {
    "files": letters.examine_files,
    "letter": letters.examine,
    "upload": upload.examine,
}
"""The parsers, by their names in requests."""

NAMES = {parser: name for name, parser in PARSERS.items()}


class ParserRequest(msgspec.Struct, frozen=True, array_like=True):
    """A request: a parser's name, its limit in seconds of CPU, and its arguments."""

    parser: str
    seconds: float
    arguments: list[Any]


class ParserReply(msgspec.Struct, frozen=True, array_like=True):
    """An answer: what a parser found, or the class of an unexpected exception."""

    found: msgspec.Raw
    failure: str = ""


ENCODER = msgspec.msgpack.Encoder()
PARSER_REQUEST = msgspec.msgpack.Decoder(ParserRequest)
PARSER_REPLY = msgspec.msgpack.Decoder(ParserReply)
# Made while there is only one thread: see `domain/values/sealed_fields.py`.
FOUND: Mapping[str, msgspec.msgpack.Decoder[Any]] = {
    name: msgspec.msgpack.Decoder(typing.get_type_hints(parser)["return"])
    for name, parser in PARSERS.items()
}
