"""The API at `/`: `PIPELINE` lists the steps of a request in order.

The answer is always HTTP 200 with an envelope; only broken HTTP gets another status.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import structlog

from certdesk.domain.errors import (
    InternalError,
    SecretIdNotFound,
    ServiceError,
    SignatureFailure,
    TokenFailure,
)
from certdesk.engine import TRIED_AGAIN, Attempts, CallerChanged, declared
from certdesk.ports import Counts, StoreUnavailable
from certdesk.web.body import BodyTooSlow
from certdesk.web.edge import Edge
from certdesk.web.forms import Head
from certdesk.web.steps import Asked, Exchange, Steps
from certdesk.web.thread_pool import ThreadPool, on_the_loop
from certdesk.wire.envelope import failure

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Step = Callable[[Steps, Asked], Awaitable[None] | None]
Refused = Callable[[Steps, Asked, ServiceError], Awaitable[None]]


class Stage(NamedTuple):
    """Steps by name, in the order in which they run, and what to do if one of them refuses.

    They run on the event loop or, if `in_attempts`, on a thread, retried as `Attempts` says.
    """

    steps: Mapping[str, Step]
    refused: Refused
    in_attempts: bool = False


PIPELINE = (
    Stage(
        {
            "the host is one of the desk's; the form is known": Steps.find_form,
            "common parameters are present; the signature's scope and time fit": Steps.read_claim,
            "the key is known; it, its account and its user are enabled": Steps.find_key,
            "the body is not too large": Steps.read_body,
            "the signature is right": Steps.verify,
        },
        refused=Steps.note_stranger,
    ),
    Stage(
        {
            "the signature covers enough; the token belongs to the key": Steps.check_reach,
            "version and action exist": Steps.find_action,
        },
        refused=Steps.note,
    ),
    Stage(
        {"the request is no replay, and the account is within its rate limit": Steps.admit},
        refused=Steps.pass_over,
    ),
    Stage(
        {
            "the user may call the action for at least one resource": Steps.permit,
            "the parameters become the action's request type": Steps.decode,
            "the action runs": Steps.carry_out,
            "the answer gets its envelope": Steps.write_answer,
        },
        refused=Steps.keep,
        in_attempts=True,
    ),
)
"""ARCHITECTURE.md describes each step; the first two there, of the connection, come earlier."""

TRACE_LIMIT = 128

GUESSES = frozenset({SignatureFailure.code, SecretIdNotFound.code, TokenFailure.code})
"""The error codes for guesses at keys, signatures and tokens."""

log = structlog.get_logger()


class Api:
    """The ASGI application that answers `GET /` and `POST /`."""

    def __init__(self, steps: Steps, threads: ThreadPool, counts: Counts, edge: Edge) -> None:
        """Take requests through `PIPELINE`, whose last steps run on `threads`."""
        self._steps = steps
        self._threads = threads
        self._counts = counts
        self._edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.monotonic()
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        async with contextlib.AsyncExitStack() as held:
            exchange = Exchange(
                scope=scope,
                receive=receive,
                headers=headers,
                request_id=str(uuid.uuid4()),
                log_fields={"action": self._steps.loggable(headers.get("x-tc-action", ""))},
                held=held,
            )
            try:
                body, code = await self._body_and_code(exchange)
                await self._wait_for_turn(exchange, code)
            except BodyTooSlow:
                await _send(send, 408, b"", {b"connection": b"close"})
                return
            extra = _trace(headers)
            await _send(send, 200, body, {b"content-type": b"application/json", **extra})
        seconds = time.monotonic() - began
        self._counts.request(str(exchange.log_fields["action"]), code, seconds)
        elapsed = round(1000 * seconds, 1)
        log.info(
            "request", request_id=exchange.request_id, code=code, ms=elapsed, **exchange.log_fields
        )

    async def _body_and_code(self, exchange: Exchange) -> tuple[bytes, str]:
        request_id = exchange.request_id
        try:
            return await self._answer(exchange), "ok"
        except ServiceError as error:
            return failure(error, request_id, exchange.language), error.code
        except BodyTooSlow:
            raise
        except StoreUnavailable as error:
            # Expected: the request's own log line says why, and a traceback would add nothing.
            exchange.log_fields["reason"] = str(error)
            return failure(InternalError(), request_id, exchange.language), InternalError.code
        except Exception:
            log.exception("unforeseen", request_id=request_id, **exchange.log_fields)
            return failure(InternalError(), request_id, exchange.language), InternalError.code

    async def _wait_for_turn(self, exchange: Exchange, code: str) -> None:
        """Delay the answer to a refused stranger; its request is released before."""
        limiter = self._edge.wrong if code in GUESSES else self._edge.unsigned
        if code in GUESSES or not exchange.is_proved:
            await exchange.held.aclose()
            await self._edge.slow_down(limiter, exchange.scope, exchange.receive)

    async def _answer(self, exchange: Exchange) -> bytes:
        """Take a request through its steps."""
        scope = exchange.scope
        head = Head(method=scope["method"], query=scope["query_string"], headers=exchange.headers)
        asked = Asked(exchange, head)
        for stage in PIPELINE:
            steps = stage.steps.values()
            try:
                await (self._try(steps, asked) if stage.in_attempts else self._take(steps, asked))
            except ServiceError as refusal:
                await stage.refused(self._steps, asked, refusal)
                raise
        return asked.answer

    async def _take(self, steps: Iterable[Step], asked: Asked) -> None:
        for step in steps:
            waiting = step(self._steps, asked)
            if waiting is not None:
                await waiting

    async def _try(self, steps: Iterable[Step], asked: Asked) -> None:
        attempts = Attempts()
        while True:
            try:
                return await self._attempt(iter(steps), asked)
            except TRIED_AGAIN as failure:
                if isinstance(failure, CallerChanged):
                    self._steps.forget_key(asked)
                await on_the_loop(attempts.next_after(failure))
                asked.writing = None

    async def _attempt(self, steps: Iterator[Step], asked: Asked) -> None:
        """Take the steps; no thread is held while waiting for a new key or the disk."""
        with contextlib.ExitStack() as asked.borrowed:
            await self._threads.run(self._take_until_written, steps, asked)
            if asked.writing is not None:
                with declared(asked.action):
                    asked.reply = await on_the_loop(asked.writing)
                await self._take(steps, asked)

    def _take_until_written(self, steps: Iterator[Step], asked: Asked) -> None:
        for step in steps:
            step(self._steps, asked)
            if asked.writing is not None:
                return


def _trace(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Return the client's trace id, which the Node SDK reads."""
    trace = headers.get("x-tc-traceid", "")
    usable = 0 < len(trace) <= TRACE_LIMIT and trace.isascii() and trace.isprintable()
    return {b"x-tc-traceid": trace.encode()} if usable else {}


async def _send(send: Send, status: int, body: bytes, headers: Mapping[bytes, bytes]) -> None:
    # Answers include keys, archives and pass phrases, and no cache may store them.
    head = [
        (b"cache-control", b"no-store"),
        *headers.items(),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
