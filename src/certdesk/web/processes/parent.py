"""The parent of the processes that serve a desk.

It holds the listening socket and does the background work. It admits requests for all processes,
counts what they do, and starts another process for each one that ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
import structlog

from certdesk.bootstrap import actions
from certdesk.domain.operation.figures import Counted
from certdesk.domain.values.record import Record
from certdesk.domain.values.retry import doubled
from certdesk.settings import SettingsError
from certdesk.web.admin import admin_socket, group_of
from certdesk.web.connections.listening import listen, make_room_for_files
from certdesk.web.console.door import log_missing_assets, log_missing_staff
from certdesk.web.health import DeskHealth
from certdesk.web.processes.answering import Answering
from certdesk.web.processes.channel import Channel
from certdesk.web.processes.messages import FROM_SERVING, FromServing, Start, Stop
from certdesk.web.processes.pings import Pings
from certdesk.web.processes.serving import LINKS, LINKS_OF_ACCOUNT
from certdesk.web.processes.shares import share_of
from certdesk.web.server import (
    GRACE_SECONDS,
    STOPPING,
    account_limiter,
    link_limiter,
    loop_factory,
    set_url,
    url_of,
)

if TYPE_CHECKING:
    from certdesk.bootstrap import OpenDesk
    from certdesk.settings import Settings
    from certdesk.web.processes.messages import Message

MODULE = "certdesk.cli.serving_process"
"""What a serving process runs."""

FIRST_PAUSE, LONGEST_PAUSE = 0.0625, 10.0
"""Seconds before a process is started again: the pause doubles with each that ends early."""

STEADY_SECONDS = 60
"""A process that ends sooner ends early."""

STOP_SECONDS = GRACE_SECONDS + 2
"""How long a process may take to end when it is asked to."""

SILENT_AT_STOP = 10
"""How many of these seconds it may leave pings unanswered."""

TOLD_AFTER = 2
"""Seconds after which the log tells for which process the end waits."""

BACKLOG = 2048

log = structlog.get_logger()


def serve_with_processes(
    settings: Settings,
    opened: OpenDesk,
    ready: Callable[[str], None],
    *,
    clock_file: str | None = None,
) -> None:
    """Serve with `http.workers` processes until a signal arrives; see `web/server.py`.

    Raises:
        SettingsError: the address cannot be listened on, or no process can serve.
    """
    make_room_for_files(settings.connections)
    log_missing_assets()
    log_missing_staff(opened.desk.store)
    with listen(settings) as listener:
        listener.listen(BACKLOG)
        url = url_of(listener, settings)
        desk = set_url(opened.desk, opened.urls, url, settings)
        start = Start(
            settings=share_of(settings, settings.workers),
            listener=listener.fileno(),
            channel=-1,
            locks=opened.locks,
            url=url,
            clock_file=clock_file,
            core=None,
        )
        opened.serving.begin(settings.workers)
        serving = ServingProcesses(settings, opened, start, listener)

        async def run() -> None:
            async with admin_socket(settings.socket_path, group_of(settings), desk, actions()):
                await serving.run(lambda: ready(url))

        with opened.work(), asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run())


class ServingProcesses:
    """The serving processes, of which it tells those who watch the desk."""

    def __init__(
        self, settings: Settings, opened: OpenDesk, start: Start, listener: socket.socket
    ) -> None:
        """Prepare; `start` is what each process is told, but for its channel and its core."""
        self._listener = listener
        self._settings = settings
        self._opened = opened
        self._start = start
        self._health = DeskHealth(opened)
        self._limiters = {
            LINKS: link_limiter(settings),
            LINKS_OF_ACCOUNT: account_limiter(settings),
        }
        self._places = [ServingProcess(self, number) for number in range(settings.workers)]

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until a signal arrives; `ready` is called when all processes serve.

        A second Ctrl-C drops the requests in progress, as with one process.

        Raises:
            SettingsError: a process ended before it served.
        """
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            if stopping.is_set():
                self._hurry()
            stopping.set()

        loop.add_signal_handler(signal.SIGTERM, stopping.set)
        loop.add_signal_handler(signal.SIGINT, interrupt)
        lives = [asyncio.create_task(place.live()) for place in self._places]
        stopped = asyncio.create_task(stopping.wait())
        telling = asyncio.create_task(self._tell_ready(ready))
        try:
            # A life ends by an error only.
            ended, _ = await asyncio.wait([stopped, *lives], return_when=asyncio.FIRST_COMPLETED)
            # The signal may have reached a process that was being started.
            for task in ended if not stopping.is_set() else ():
                task.result()
            log.info(STOPPING)
        finally:
            for task in (stopped, telling, *lives):
                task.cancel()
            await asyncio.gather(*(place.last_started() for place in self._places))
            # Clients would wait for nothing if the kernel still took their connections.
            self._listener.close()
            await asyncio.gather(*(place.stop() for place in self._places))

    def _hurry(self) -> None:
        for place in self._places:
            place.tell_to_stop()

    async def _tell_ready(self, ready: Callable[[], None]) -> None:
        for place in self._places:
            await place.ready.wait()
        ready()

    def answering(
        self, ready: Callable[[int], None], pong: Callable[[tuple[str, ...]], None]
    ) -> Answering:
        """Return what answers one process."""
        return Answering(self._opened, self._health, self._limiters, ready, pong)

    @property
    def silent_seconds(self) -> int:
        """How long a process may leave pings unanswered."""
        return self._settings.silent_seconds

    def command(self, number: int, channel: int) -> tuple[Sequence[str], bytes, tuple[int, ...]]:
        """Return the command of a process, what it reads at its start, and the files it inherits.

        It reads its settings, which may have a password, from a pipe.
        """
        # Another desk on this machine begins at another core.
        core = os.getpid() + number if self._settings.one_core else None
        start = msgspec.structs.replace(self._start, channel=channel, core=core)
        files = (channel, start.listener, *start.locks)
        return [sys.executable, "-I", "-m", MODULE], msgspec.json.encode(start), files

    def note_silence(self, number: int, seconds: float) -> None:
        """Tell for how long a process has not answered; 0 if it answers again."""
        self._opened.serving.is_silent(number, seconds)

    def note_faults(self, number: int, faults: tuple[str, ...]) -> None:
        """Tell what a process finds wrong with itself."""
        if self._opened.serving.finds(number, faults):
            self._opened.probe.wake()

    def note_hang(self, number: int, process: int) -> None:
        """Tell that a process hangs, and is killed for it."""
        seconds = self.silent_seconds
        self._note(number, "silence", f"did not answer for {seconds} s and was killed")
        log.error(
            "a serving process hangs, it is killed", number=number, pid=process, seconds=seconds
        )
        self._opened.probe.wake()

    def note_end(self, ended: Ended, pause: float) -> None:
        """Tell that a process ended, and have it checked whether the disk lost a write.

        A process that finds that ends itself, and all others must end too: the check's write does.
        Nobody waits for the check, since writes may hang.
        """
        if not ended.hung:
            self._note(ended.number, "signal" if ended.status < 0 else "status", ended.how)
        self._opened.serving.waits(ended.number, pause)
        log.error(
            "a serving process ended, another is started",
            number=ended.number,
            pid=ended.process,
            how=ended.how,
            pause_seconds=pause,
        )
        self._opened.probe.wake()

    def note_failed_start(self, number: int, reason: str, pause: float) -> None:
        """Tell that no process can be started: memory, processes or files are used up."""
        self._opened.serving.waits(number, pause, reason)
        log.error("no process can be started", number=number, reason=reason, pause_seconds=pause)
        self._opened.probe.wake()

    def _note(self, number: int, kind: str, how: str) -> None:
        self._opened.serving.ended(number, how)
        self._opened.metrics.count(Counted.PROCESSES_ENDED, how=kind)

    def note_serving(self, number: int, process: int, *, replaces: bool) -> None:
        """Tell that a process serves, as soon as it does."""
        self._opened.serving.serves(number, process)
        if replaces:
            log.warning("another serving process serves", number=number, pid=process)
            self._opened.probe.wake()
        else:
            log.info("a serving process serves", number=number, pid=process)


class Ended(Record):
    """A process that ended: its place, its number, its exit status, negative for a signal.

    It `hung` if it was killed since it did not answer.
    """

    number: int
    process: int
    status: int
    hung: bool

    @property
    def how(self) -> str:
        """How it ended, in words."""
        if self.status < 0:
            return f"ended by signal {-self.status}"
        return f"ended with status {self.status}"


class CannotStart(Exception):
    """No process can be started; the text says why."""


class ServingProcess:
    """The place of one serving process: there is always one in it, or one is being started."""

    def __init__(self, all_: ServingProcesses, number: int) -> None:
        """Start nothing yet."""
        self.number = number
        self.ready = asyncio.Event()
        self.was_ready = False
        self._all = all_
        self._started: asyncio.Task[subprocess.Popen[bytes]] | None = None
        self._channel: Channel[FromServing] | None = None
        self._pings = Pings(self._send, all_.silent_seconds)

    async def live(self) -> None:
        """Start a process, and another one each time it ends.

        Raises:
            SettingsError: the first one did not serve.
        """
        early = 0
        while True:
            began = time.monotonic()
            ended, failed = None, ""
            try:
                ended = await self._run()
            except CannotStart as error:
                failed = str(error)
            if not self.was_ready:
                raise SettingsError("a serving process ended before it served; the log says why")
            self.ready.clear()
            early = 0 if time.monotonic() - began >= STEADY_SECONDS else early + 1
            pause = doubled(FIRST_PAUSE, early, LONGEST_PAUSE)
            if ended is None:
                self._all.note_failed_start(self.number, failed, pause)
            else:
                self._all.note_end(ended, pause)
            await asyncio.sleep(pause)

    async def last_started(self) -> subprocess.Popen[bytes] | None:
        """Wait until no process is being started; return the last one that was."""
        if self._started is None:
            return None
        try:
            return await self._started
        except OSError:
            return None

    async def stop(self) -> None:
        """Let the process finish its requests, and end it."""
        process = await self.last_started()
        if process is None:
            return
        self.tell_to_stop()
        ending = asyncio.create_task(asyncio.to_thread(process.wait))
        told = asyncio.get_running_loop().call_later(TOLD_AFTER, self._tell_waiting, process.pid)
        if not await self._ends_in_time(ending):
            log.warning(
                "a serving process does not end, it is killed", number=self.number, pid=process.pid
            )
            process.kill()
        await ending
        told.cancel()

    async def _ends_in_time(self, ending: asyncio.Task[int]) -> bool:
        """Wait until the process has ended, for as long as it answers and may take."""
        self._pings = Pings(self._send, min(SILENT_AT_STOP, self._all.silent_seconds))
        silent = asyncio.create_task(self._pings.until_silent())
        await asyncio.wait(
            [ending, silent], timeout=STOP_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        silent.cancel()
        return ending.done()

    def _tell_waiting(self, process: int) -> None:
        log.info("the end waits for a serving process", number=self.number, pid=process)

    def tell_to_stop(self) -> None:
        """Ask the process to finish its requests; a second time, to drop them."""
        self._send(Stop())

    def _send(self, message: Message) -> None:
        if self._channel is not None:
            self._channel.send(message)

    async def _run(self) -> Ended:
        """Run one process until it ends.

        Raises:
            CannotStart: memory, processes or files are used up.
        """
        lost = asyncio.Event()
        silent = functools.partial(self._all.note_silence, self.number)
        self._pings = Pings(self._send, self._all.silent_seconds, silent)
        answering = self._all.answering(self._set_ready, self._note_answer)
        channel: Channel[FromServing] = Channel(FROM_SERVING, answering.received, lost.set)
        answering.connect(channel)
        try:
            process = await self._start(channel)
        except (OSError, RuntimeError, MemoryError) as error:
            # Python raises RuntimeError if it can start no thread.
            raise CannotStart(getattr(error, "strerror", None) or str(error)) from error
        killing = asyncio.create_task(self._kill_if_silent(process))
        try:
            await lost.wait()
        finally:
            hung = killing.done()
            killing.cancel()
        answering.take_back()
        status = await asyncio.to_thread(process.wait)
        return Ended(number=self.number, process=process.pid, status=status, hung=hung)

    async def _kill_if_silent(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process that hangs. It may be starting for as long as it takes."""
        await self.ready.wait()
        await self._pings.until_silent()
        self.ready.clear()
        self._all.note_hang(self.number, process.pid)
        process.kill()

    async def _start(self, channel: Channel[FromServing]) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair()
        command, read, files = self._all.command(self.number, theirs.fileno())
        starting = asyncio.to_thread(_started, command, read, files, theirs)
        self._channel, self._started = channel, asyncio.create_task(starting)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: channel, ours)
        # If this is cancelled, `stop` still has the process.
        return await asyncio.shield(self._started)

    def _note_answer(self, faults: tuple[str, ...]) -> None:
        self._pings.answered()
        self._all.note_faults(self.number, faults)

    def _set_ready(self, process: int) -> None:
        self.ready.set()
        self._all.note_serving(self.number, process, replaces=self.was_ready)
        self.was_ready = True


def _started(
    command: Sequence[str], read: bytes, files: tuple[int, ...], theirs: socket.socket
) -> subprocess.Popen[bytes]:
    """Start a process; `theirs` is one of the files that it inherits, and closed here then."""
    with theirs:
        process = subprocess.Popen(  # noqa: S603 -- this program itself
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=files,
            # Ctrl-C at a terminal reaches the parent alone, which lets the others finish.
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 -- it is a pipe
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(read)
    return process
