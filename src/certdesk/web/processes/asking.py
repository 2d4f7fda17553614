"""What a serving process asks its parent for: what all processes of a desk share."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import TYPE_CHECKING, cast

import msgspec

from certdesk.domain.errors import SignatureExpire
from certdesk.ports import KeysBusy, RateLimitExceeded, Slot, StoreUnavailable
from certdesk.web.health import Page
from certdesk.web.processes.channel import Channel
from certdesk.web.processes.messages import (
    TO_SERVING,
    Answered,
    CountClient,
    Due,
    GiveKeyBack,
    Happened,
    Leave,
    Message,
    Note,
    OrderKey,
    Ping,
    Pong,
    ReadFaults,
    ReadPage,
    Ready,
    Reply,
    Stop,
    Take,
    TakeKey,
    ToServing,
    UseKey,
)
from certdesk.workflow.lending import KeyLender

if TYPE_CHECKING:
    import socket

    from certdesk.domain.accounts.replay import Use
    from certdesk.domain.operation.figures import Counted
    from certdesk.domain.values.keys import KeyKind
    from certdesk.ports import Store, Vault

ERRORS: dict[str, Callable[..., Exception]] = {
    "expired": SignatureExpire,
    "exceeded": RateLimitExceeded,
    "busy": KeysBusy,
    "failed": StoreUnavailable,
}
"""The exceptions of the parent that are raised in the serving process, by their names."""

ANSWER_SECONDS = 30
"""How long a thread waits for an answer of the parent."""

PARENT_ENDED = 3
"""The exit status of a process whose parent has ended."""


class Parent:
    """The parent, as a serving process sees it. Messages may be sent from any thread."""

    def __init__(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the parent asks for it."""
        self._stop = stop
        self._faults: Callable[[], tuple[str, ...]] = tuple
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[object]] = {}
        self._channel: Channel[ToServing] = Channel(TO_SERVING, self._received, _end)

    async def connect(self, connection: socket.socket) -> None:
        """Use a socket of the parent."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        await self._loop.connect_accepted_socket(lambda: self._channel, connection)

    def report(self, faults: Callable[[], tuple[str, ...]]) -> None:
        """Tell with each answer to a ping what `faults` returns."""
        self._faults = faults

    def tell_ready(self) -> None:
        """Say that this process accepts connections."""
        self.tell(Ready(os.getpid()))

    def tell(self, message: Message) -> None:
        """Send a message that is not answered."""
        if threading.get_ident() == self._thread:
            self._channel.send(message)
            return
        # A thread may outlive the event loop while this process ends.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._channel.send, message)

    def ask(self, make: Callable[[int], Message]) -> asyncio.Future[object]:
        """Send the message that `make` returns for a number; return the future of its result.

        For the event loop's thread only.
        """
        number = next(self._numbers)
        asked = self._asked[number] = self._loop.create_future()
        self._channel.send(make(number))
        return asked

    def ask_from_thread(self, make: Callable[[int], Message]) -> Future[object]:
        """Do the same from any other thread."""

        async def answer() -> object:
            return await self.ask(make)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop)

    def _received(self, message: ToServing) -> None:
        if isinstance(message, Stop):
            self._stop()
            return
        if isinstance(message, Ping):
            self.tell(Pong(self._faults()))
            return
        asked = self._asked.pop(message.number)
        # The request may have stopped waiting.
        if not asked.cancelled():
            _give(message, asked)


def _give(reply: Reply, asked: asyncio.Future[object]) -> None:
    if not reply.error:
        asked.set_result(reply.result)
    else:
        arguments = () if reply.argument is None else (reply.argument,)
        asked.set_exception(ERRORS[reply.error](*arguments))


def _end() -> None:
    """End this process: without its parent it can admit nobody.

    What was answered is durable, and what was not may be sent again, as after any crash.
    """
    os._exit(PARENT_ENDED)


class ParentGate:
    """The `Gate` of all processes, which the parent has."""

    def __init__(self, parent: Parent) -> None:
        """Ask `parent`."""
        self._parent = parent

    async def take(self, use: Use, limit: int) -> Slot | None:
        """Admit a request."""
        taken = await self._parent.ask(lambda number: Take(number, use, limit))
        return None if taken is None else Slot(use.uin, use.action, cast("float", taken))

    async def note(self, use: Use) -> None:
        """Note a use of a signature."""
        await self._parent.ask(lambda number: Note(number, use))

    async def leave(self, slot: Slot) -> None:
        """Free the place when its second is over."""
        self._parent.tell(Leave(slot.uin, slot.action, slot.taken))


class ParentKeys(KeyLender):
    """`ports.Keys` from the stock that the parent keeps filled."""

    def __init__(self, store: Store, vault: Vault, parent: Parent) -> None:
        """Ask `parent` which keys are free."""
        super().__init__(store, vault)
        self._parent = parent

    def take(self, kind: KeyKind) -> int | None:
        """Return the number of a free key."""
        asked = self._parent.ask_from_thread(lambda number: TakeKey(number, kind.name))
        return cast("int | None", asked.result(ANSWER_SECONDS))

    def give_back(self, kind: KeyKind, stock_id: int) -> None:
        """Make a key free again."""
        self._parent.tell(GiveKeyBack(kind.name, stock_id))

    def used(self, stock_id: int) -> None:
        """Note that a key is used up."""
        self._parent.tell(UseKey(stock_id))

    def order(self, kind: KeyKind) -> Future[None]:
        """Have a key made."""
        asked = self._parent.ask_from_thread(lambda number: OrderKey(number, kind.name))
        return cast("Future[None]", asked)


class ParentCounts:
    """`ports.Counts` of all processes, which outlive each of them."""

    def __init__(self, parent: Parent) -> None:
        """Count in `parent`."""
        self._parent = parent

    def request(self, action: str, code: str, seconds: float) -> None:
        """Count a request of the API."""
        self._parent.tell(Answered(action, code, seconds))

    def count(self, counted: Counted, **labels: str) -> None:
        """Count something."""
        self._parent.tell(Happened(counted.name, labels))


class ParentRateLimiter:
    """A rate limiter of all processes, for threads; `web/gcra.py` says what it does."""

    def __init__(self, parent: Parent, name: str) -> None:
        """Ask `parent` for the rate limiter `name`."""
        self._parent = parent
        self._name = name

    def wait(self, client: Hashable, longest: float, count: int | None = None) -> float:
        """Count a request of a client; return the seconds until it may be answered."""
        encoded = msgspec.msgpack.encode(client)
        asked = self._parent.ask_from_thread(
            lambda number: CountClient(number, self._name, encoded, longest, count)
        )
        return cast("float", asked.result(ANSWER_SECONDS))


class ParentHealth:
    """The health of the desk, which the parent watches."""

    def __init__(self, parent: Parent) -> None:
        """Ask `parent` for pages."""
        self._parent = parent

    async def page(self, path: str) -> Page:
        """Return a page; see `web/health.py`."""
        page = await self._parent.ask(lambda number: ReadPage(number, path))
        return msgspec.convert(page, Page)

    def faults(self) -> list[str]:
        """Return what is wrong with the desk, in words; for threads."""
        asked = self._parent.ask_from_thread(ReadFaults)
        return msgspec.convert(asked.result(ANSWER_SECONDS), list[str])


class ParentWork:
    """Wakes the background work, which the parent does."""

    def __init__(self, parent: Parent) -> None:
        """Wake the work of `parent`."""
        self._parent = parent

    def wake(self) -> None:
        """Do what is due now."""
        self._parent.tell(Due())
