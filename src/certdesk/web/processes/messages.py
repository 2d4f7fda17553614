"""What a serving process and its parent tell each other.

A message with a `number` is answered by a `Reply` with the same number.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from certdesk.domain.accounts.replay import Use
from certdesk.settings import Settings


class Message(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A message in either direction."""


class Start(msgspec.Struct, frozen=True):
    """What a serving process is told when it starts.

    `settings` are its own, with its share of the desk's limits. `listener`, `channel` and `locks`
    are the numbers of open files. `url` is where the desk is reached. `core` is the processor core
    that the process stays on, None for any.
    """

    settings: Settings
    listener: int
    channel: int
    locks: tuple[int, ...]
    url: str
    clock_file: str | None
    core: int | None


class Ready(Message, frozen=True):
    """The process with this number accepts connections."""

    process: int


class Holds(Message, frozen=True):
    """The process takes places in the rate limit of the database by this name."""

    holder: str


class Pong(Message, frozen=True):
    """The answer to a `Ping`, with what is wrong with the process, in plain words."""

    faults: tuple[str, ...] = ()


class Take(Message, frozen=True):
    """Admit a request; the result is the time of its place, or None if it needs none."""

    number: int
    use: Use
    limit: int


class Note(Message, frozen=True):
    """Note a use of a signature."""

    number: int
    use: Use


class Leave(Message, frozen=True):
    """Free a place when its second is over."""

    uin: str
    action: str
    taken: float


class Answered(Message, frozen=True):
    """Count a request of the API."""

    action: str
    code: str
    seconds: float


class Happened(Message, frozen=True):
    """Count something; `counted` is the name of a member of `Counted`."""

    counted: str
    labels: dict[str, str]


class Due(Message, frozen=True):
    """Work on orders is due now."""


class TakeKey(Message, frozen=True):
    """Take a free key of a kind (a name of `KeyKind`); the result is its number, None if none."""

    number: int
    kind: str


class OrderKey(Message, frozen=True):
    """Have a key made; the reply comes when it is free."""

    number: int
    kind: str


class GiveKeyBack(Message, frozen=True):
    """Make a key free again."""

    kind: str
    stock_id: int


class UseKey(Message, frozen=True):
    """A key that was taken is used up."""

    stock_id: int


class CountClient(Message, frozen=True):
    """Count a client in a rate limiter of download links; the result is its wait in seconds."""

    number: int
    limiter: str
    client: bytes
    longest: float
    limit: int | None


class ReadPage(Message, frozen=True):
    """Read a page of the desk's health; the result is its status, its content and its type."""

    number: int
    path: str


class ReadFaults(Message, frozen=True):
    """Read what is wrong with the desk (`Desk.health`); the result is a list of lines."""

    number: int


class Reply(Message, frozen=True):
    """The answer to a message: a result, or an `error` by its name in `ERRORS` and its argument."""

    number: int
    result: object = None
    error: str = ""
    argument: object = None


class Ping(Message, frozen=True):
    """Show that the event loop still runs, by a `Pong`."""


class Stop(Message, frozen=True):
    """Finish the requests in progress, and end."""


FromServing: TypeAlias = (
    Ready
    | Holds
    | Pong
    | Take
    | Note
    | Leave
    | Answered
    | Happened
    | Due
    | TakeKey
    | OrderKey
    | GiveKeyBack
    | UseKey
    | CountClient
    | ReadFaults
    | ReadPage
)
ToServing: TypeAlias = Reply | Ping | Stop

START_DECODER = msgspec.json.Decoder(Start)
FROM_SERVING = msgspec.msgpack.Decoder(list[FromServing])
TO_SERVING = msgspec.msgpack.Decoder(list[ToServing])
