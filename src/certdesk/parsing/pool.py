"""The pool of parser processes, and its fair queue."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

import structlog

from certdesk.domain.values.retry import Failures
from certdesk.parsing.jobs import ENCODER, FOUND, NAMES, PARSER_REPLY, ParserRequest
from certdesk.parsing.process import ParserProcess, ProcessLost
from certdesk.ports.parsing import Found, P, ParsersBusy
from certdesk.ports.work import Pending

PER_ACCOUNT = 8
"""The most jobs of one account that may wait or run at the same time."""

IDLE_SECONDS = 60.0
"""The time without work after which a process is ended."""

KEPT_SECONDS = 30.0
"""How long an answer is kept for a request that does not collect it."""

log = structlog.get_logger()


@dataclasses.dataclass(eq=False, slots=True)
class Job:
    """A parsing job: `reply` is the process's answer, or None if there was none.

    `hindered` says that nothing was parsed because of a fault in the desk.
    """

    account: str
    request: bytes = dataclasses.field(repr=False)
    done: Future[None] = dataclasses.field(default_factory=Future)
    reply: bytes | None = dataclasses.field(default=None, repr=False)
    hindered: bool = False
    ended_at: float | None = None


class ParserPool:
    """A `ports.Parsers` with up to `processes` processes and `seconds` of CPU for each job.

    Accounts take turns. A process is started when there is work, and ended after a while without
    any.
    """

    def __init__(
        self, *, processes: int, seconds: float, prepare: Callable[[], None] = lambda: None
    ) -> None:
        """Start no process yet; `prepare` is called in each thread that will start them."""
        self._seconds = seconds
        self._prepare = prepare
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, deque[Job]] = {}
        self._in_hand: set[str] = set()
        self._change = threading.Condition()
        self._stopping = False
        self._failures = Failures()
        self._processes = [ParserProcess(seconds) for _ in range(processes)]
        self._threads = [
            threading.Thread(target=self._work, args=(process,), name=f"parser {at}", daemon=True)
            for at, process in enumerate(self._processes, start=1)
        ]

    def start(self) -> None:
        """Start to accept work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all processes; jobs that wait are not parsed."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
            left = [job for jobs in self._waiting.values() for job in jobs]
            self._waiting.clear()
        for process in self._processes:
            process.kill()
        for job in left:
            if job.done.set_running_or_notify_cancel():
                job.hindered = True
                job.done.set_result(None)
        for thread in self._threads:
            thread.join()

    @property
    def alive(self) -> bool:
        """Whether all threads are running."""
        return all(thread.is_alive() for thread in self._threads)

    @property
    def trouble(self) -> str:
        """Why nothing is parsed, or "" if parsing works."""
        reason = self._failures.standing(time.monotonic())
        return f"no process can be started: {reason}" if reason else ""

    def run(
        self,
        account: str,
        request_id: str,
        otherwise: Found,
        parser: Callable[P, Found],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Found:
        """Return what a parser finds; see `ports.Parsers`. Arguments are positional only."""
        if named:
            raise TypeError("a parser in another process takes its arguments by their places")
        name = NAMES[parser]
        with self._change:
            job = self._jobs.get(request_id)
            if job is None:
                request = ParserRequest(name, self._seconds, list(arguments))
                job = self._jobs[request_id] = self._queued(account, ENCODER.encode(request))
            if not job.done.done():
                raise Pending(job.done)
            del self._jobs[request_id]
        if job.hindered:
            raise ParsersBusy
        reply = PARSER_REPLY.decode(job.reply) if job.reply is not None else None
        if reply is None or reply.failure:
            log.warning("not parsed", parser=name, account=account, failure=reply and reply.failure)
            return otherwise
        return cast("Found", FOUND[name].decode(reply.found))

    def _queued(self, account: str, request: bytes) -> Job:
        if self._stopping:
            raise ParsersBusy
        self._forget()
        if sum(job.account == account for job in self._jobs.values()) >= PER_ACCOUNT:
            raise ParsersBusy
        job = Job(account, request)
        self._waiting.setdefault(account, deque()).append(job)
        self._change.notify()
        return job

    def _forget(self) -> None:
        """Drop answers that were not collected: the request failed otherwise, or is gone."""
        until = time.monotonic() - KEPT_SECONDS
        for request_id, job in list(self._jobs.items()):
            if job.done.cancelled() or (job.ended_at is not None and job.ended_at < until):
                del self._jobs[request_id]

    def _work(self, process: ParserProcess) -> None:
        self._prepare()
        while True:
            with self._change:
                job = self._next()
                stopping = self._stopping
            if job is not None:
                self._serve(process, job)
                continue
            process.end()
            if stopping:
                return
            with self._change:
                self._change.wait_for(self._has_work)

    def _next(self) -> Job | None:
        """Wait a while for a job; return None if there is none."""
        self._change.wait_for(self._has_work, IDLE_SECONDS)
        while not self._stopping and (account := self._takeable()) is not None:
            # The account goes to the end of the queue.
            jobs = self._waiting.pop(account)
            job = jobs.popleft()
            if jobs:
                self._waiting[account] = jobs
            if job.done.set_running_or_notify_cancel():
                self._in_hand.add(account)
                return job
        return None

    def _has_work(self) -> bool:
        return self._stopping or self._takeable() is not None

    def _takeable(self) -> str | None:
        """Return the next account without a running job, if there is one; the staff's is ""."""
        return next((each for each in self._waiting if each not in self._in_hand), None)

    def _serve(self, process: ParserProcess, job: Job) -> None:
        try:
            job.reply = process.ask(job.request)
        except ProcessLost:
            job.hindered = self._stopping
        except Exception as error:
            job.hindered = True
            if self._failures.failed(error, time.monotonic()):
                log.exception("no parser could be started")
        else:
            self._failures.succeeded()
        job.request = b""
        job.ended_at = time.monotonic()
        with self._change:
            self._in_hand.discard(job.account)
            self._change.notify_all()
        job.done.set_result(None)
