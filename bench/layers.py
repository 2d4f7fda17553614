"""Where the CPU time of a submission goes, by layers of the desk and by libraries.

The ASGI application answers signed requests in this process, in one thread, and a timer of CPU
time interrupts it: what is on top then is where the time goes. HTTP, threads and the disk's time
are not in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, TextIO, TypeVar

import certdesk
from bench.inside import HOST, OwnDesk
from certdesk.bootstrap import actions
from certdesk.cli.logs import log_to_stderr
from certdesk.settings import Settings
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.web.admission import OwnGate
from certdesk.web.api import Api
from certdesk.web.edge import edge_of
from certdesk.web.rate_limits import Limits
from certdesk.web.steps import Steps
from certdesk.web.thread_pool import ThreadPool
from certdesk.workflow.counting import Uncounted

Given = TypeVar("Given")

INTERVAL = 0.001
REQUESTS = 1000
HERE = str(Path(certdesk.__file__).parent) + "/"
LIBRARIES = "/site-packages/"


class Profile:
    """Samples of a program: how often each place was on top."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: Counter[str] = Counter()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Take a sample each millisecond of CPU time, as long as the context lasts."""
        before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def shares(self) -> dict[str, float]:
        """Give the share of each place, the largest first."""
        total = self._places.total()
        return {place: number / total for place, number in self._places.most_common()}

    def _sample(self, _: int, frame: FrameType | None) -> None:
        while frame is not None:
            place = _place(frame.f_code.co_filename)
            if place:
                self._places[place] += 1
                return
            frame = frame.f_back


def _place(file: str) -> str:
    """Name the module, or the library, that a file is of; nothing for Python's own."""
    if file.startswith(HERE):
        return file.removeprefix(HERE).removesuffix(".py")
    return file.partition(LIBRARIES)[2].partition("/")[0].removesuffix(".py")


class InThisThread(ThreadPool):
    """Carries everything out at once."""

    def __init__(self) -> None:
        """Start no thread."""
        super().__init__(0, "none")

    def run(self, work: Callable[..., Given], *arguments: object) -> asyncio.Future[Given]:
        """Call `work`; return a future that has its outcome."""
        outcome: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        try:
            outcome.set_result(work(*arguments))
        except Exception as error:  # noqa: BLE001 -- it belongs to the one who waits
            outcome.set_exception(error)
        return outcome


def profile(desk: OwnDesk, log: TextIO, count: int) -> dict[str, float]:
    """Hand in material again and again, and tell `log` of it; give the share of each place."""
    with contextlib.redirect_stderr(log):
        log_to_stderr("info")
    with desk.in_this_thread() as same:
        here, limits = InThisThread(), Limits(0, {})
        edge = edge_of(Settings(hosts=(HOST,)), here)
        gate = OwnGate(MemoryAdmission(None), here)
        steps = Steps(same, actions(), here, gate, limits=limits, edge=edge)
        api = Api(steps, here, Uncounted(), edge)
        requests = desk.submissions(count)
        found = Profile()
        with asyncio.Runner() as runner, found.running():
            runner.run(_answer(api, requests))
    return found.shares()


async def _answer(api: Api, requests: list[bytes]) -> None:
    for request in requests:
        await _exchange(api, request)


async def _exchange(api: Api, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    pairs = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    headers = [(name.lower(), value) for name, value in pairs]
    scope = {
        "type": "http",
        "method": "POST",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }
    sent = b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 -- ASGI's
        nonlocal sent
        sent += message.get("body", b"")

    await api(scope, receive, send)
    if b'"Error"' in sent:
        raise RuntimeError(f"refused: {sent!r}")
