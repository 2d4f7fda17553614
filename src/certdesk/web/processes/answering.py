"""The parent's answers to one serving process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from certdesk.domain.errors import SignatureExpire
from certdesk.domain.operation.figures import Counted
from certdesk.domain.values.keys import KeyKind
from certdesk.ports import KeysBusy, RateLimitExceeded, Slot, StoreUnavailable
from certdesk.web.processes.messages import (
    Answered,
    CountClient,
    Due,
    FromServing,
    GiveKeyBack,
    Happened,
    Holds,
    Leave,
    Message,
    Note,
    OrderKey,
    Pong,
    ReadFaults,
    ReadPage,
    Ready,
    Reply,
    Take,
    TakeKey,
    UseKey,
)

if TYPE_CHECKING:
    from certdesk.bootstrap import OpenDesk
    from certdesk.web.downloads import LinkLimiter
    from certdesk.web.health import Health

SETTLED_SECONDS = 1
"""How long after the end of a process its places in the database are freed.

By then the database has carried out what it was asked last, and their second is over.
"""

log = structlog.get_logger()


class Sender(Protocol):
    """Sends messages to the serving process."""

    def send(self, message: Message) -> None:
        """Send a message."""
        ...


class Answering:
    """Answers a serving process, and takes back what it holds when it ends.

    For the event loop's thread only.
    """

    def __init__(
        self,
        opened: OpenDesk,
        health: Health,
        limiters: Mapping[str, LinkLimiter],
        ready: Callable[[int], None],
        pong: Callable[[tuple[str, ...]], None],
    ) -> None:
        """Answer with what the desk has.

        `ready` is called with the number of the process when it serves, and `pong` when it answers
        a ping.
        """
        self._opened = opened
        self._health = health
        self._limiters = limiters
        self._loop = asyncio.get_running_loop()
        self._sender: Sender | None = None
        self._places: list[Slot] = []
        self._holder = ""
        self._keys: dict[int, KeyKind] = {}
        self._pages: set[asyncio.Task[None]] = set()
        self._does: Mapping[type[Message], Callable[[Any], None]] = {
            Ready: lambda message: ready(message.process),
            Holds: self._note_holder,
            Pong: lambda message: pong(message.faults),
            Take: self._take,
            Note: self._note,
            Leave: self._leave,
            Answered: self._count_answer,
            Happened: self._count,
            Due: lambda _: opened.desk.work.wake(),
            TakeKey: self._take_key,
            OrderKey: self._order_key,
            GiveKeyBack: self._give_key_back,
            UseKey: self._use_key,
            CountClient: self._count_client,
            ReadPage: self._begin_page,
            ReadFaults: self._read_faults,
        }

    def connect(self, sender: Sender) -> None:
        """Send answers to the process by `sender`."""
        self._sender = sender

    def received(self, message: FromServing) -> None:
        """Do what a message asks for."""
        self._does[type(message)](message)

    def take_back(self) -> None:
        """Free what the process held when it ended.

        Nobody else will. A request may have been answered already; a key that it has used is found
        to be gone by the next borrower.
        """
        self._sender = None
        for place in self._places:
            self._opened.admission.leave(place)
        for stock_id, kind in self._keys.items():
            self._opened.stock.give_back(kind, stock_id)
        self._places.clear()
        self._keys.clear()
        if self._holder:
            # The database may hang, and nobody waits for this.
            leaving = threading.Timer(SETTLED_SECONDS, self._leave_all)
            leaving.daemon = True
            leaving.start()

    def _note_holder(self, message: Holds) -> None:
        self._holder = message.holder

    def _leave_all(self) -> None:
        try:
            self._opened.admission.leave_all(self._holder)
        except StoreUnavailable as error:
            log.warning("places in the rate limit stay taken for two minutes", reason=str(error))

    def _take(self, message: Take) -> None:
        def take() -> float | None:
            place = self._opened.admission.take(message.use, message.limit)
            if place is None:
                return None
            self._places.append(place)
            return place.taken

        self._answer(message.number, take)

    def _note(self, message: Note) -> None:
        self._answer(message.number, lambda: self._opened.admission.note(message.use))

    def _leave(self, message: Leave) -> None:
        place = Slot(message.uin, message.action, message.taken)
        self._places.remove(place)
        self._opened.admission.leave(place)

    def _count_answer(self, message: Answered) -> None:
        self._opened.metrics.request(message.action, message.code, message.seconds)

    def _count(self, message: Happened) -> None:
        self._opened.metrics.count(Counted[message.counted], **message.labels)

    def _take_key(self, message: TakeKey) -> None:
        kind = KeyKind[message.kind]

        def take() -> int | None:
            stock_id = self._opened.stock.take(kind)
            if stock_id is not None:
                self._keys[stock_id] = kind
            return stock_id

        self._answer(message.number, take)

    def _order_key(self, message: OrderKey) -> None:
        number = message.number

        def tell(made: Future[None]) -> None:
            # A key may be made while the parent ends.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._answer, number, made.result)

        try:
            self._opened.stock.order(KeyKind[message.kind]).add_done_callback(tell)
        except KeysBusy:
            self._send(Reply(number, error="busy"))

    def _give_key_back(self, message: GiveKeyBack) -> None:
        self._keys.pop(message.stock_id, None)
        self._opened.stock.give_back(KeyKind[message.kind], message.stock_id)

    def _use_key(self, message: UseKey) -> None:
        self._keys.pop(message.stock_id, None)

    def _count_client(self, message: CountClient) -> None:
        limiter = self._limiters[message.limiter]
        self._answer(
            message.number, lambda: limiter.wait(message.client, message.longest, message.limit)
        )

    def _begin_page(self, message: ReadPage) -> None:
        page = self._loop.create_task(self._read_page(message.number, message.path))
        self._pages.add(page)
        page.add_done_callback(self._pages.discard)

    async def _read_page(self, number: int, path: str) -> None:
        try:
            page = await self._health.page(path)
        except Exception:
            log.exception("a page could not be made", path=path)
            self._send(Reply(number, error="failed", argument="the page could not be made"))
        else:
            self._send(Reply(number, page))

    def _read_faults(self, message: ReadFaults) -> None:
        self._answer(message.number, lambda: list(self._opened.desk.health()))

    def _answer(self, number: int, result: Callable[[], object]) -> None:
        """Send what `result` returns, or what it raises."""
        try:
            self._send(Reply(number, result()))
        except SignatureExpire as expired:
            self._send(Reply(number, error="expired", argument=expired.detail))
        except RateLimitExceeded as exceeded:
            self._send(Reply(number, error="exceeded", argument=exceeded.count))
        except KeysBusy:
            self._send(Reply(number, error="busy"))
        except Exception as error:
            log.exception("unforeseen")
            self._send(Reply(number, error="failed", argument=type(error).__name__))

    def _send(self, message: Message) -> None:
        if self._sender is not None:
            self._sender.send(message)
