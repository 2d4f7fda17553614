"""The API at `/`: the way of a request, step by step (ARCHITECTURE.md).

Whatever happens, the answer is HTTP 200 with an envelope; only broken HTTP gets anything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import structlog

from certdesk.bootstrap import SystemClock
from certdesk.catalog import Action, Catalog
from certdesk.domain.errors import (
    InternalError,
    InvalidAction,
    NoSuchVersion,
    RequestLimitExceeded,
    SecretIdNotFound,
    ServiceError,
    SignatureExpire,
    SignatureFailure,
    TokenFailure,
    UnsupportedOperation,
)
from certdesk.domain.listing import ANSWER_BYTES
from certdesk.domain.records import SeenSignature
from certdesk.domain.sightings import Use
from certdesk.domain.telling import cut, told_bare
from certdesk.engine import (
    TRIED_AGAIN,
    Attempts,
    CallerChanged,
    Desk,
    Invocation,
    declared,
    has_to_write,
    keep_signature,
    too_long,
)
from certdesk.ports import Admission, Counts, PaceExceeded, Slot, StoreUnavailable
from certdesk.web.body import BodyTooLarge, BodyTooSlow, NoRoom, read_body
from certdesk.web.edge import Edge, shown
from certdesk.web.forms import CHEAP_TEXT, Claim, Form, Head, form_of
from certdesk.web.guard import Guard, KnownKey, check_coverage, check_token, permit
from certdesk.web.host_doubts import HostDoubts, is_cheap
from certdesk.web.pace import Limits
from certdesk.web.refused import Named, language_in, named_in
from certdesk.wire import vendor
from certdesk.wire.envelope import failure, success
from certdesk.wire.model import Reply
from certdesk.wire.signature import VERSION, signature_digest

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

TRACE_LIMIT = 128

NO_ROOM = "The desk is receiving too many large requests. Please send this one again later."

GUESSES = frozenset({SignatureFailure.code, SecretIdNotFound.code, TokenFailure.code})
"""What those are told who guess at keys, signatures and tokens."""

Given = TypeVar("Given")

log = structlog.get_logger()


@dataclasses.dataclass(slots=True, kw_only=True)
class Exchange:
    """One request on its way: `told` is for the log, `held` is let go after the answer.

    `is_proved` is true once its signature is found right; `language` is what it asks for.
    """

    scope: Scope
    receive: Receive
    headers: Mapping[str, str]
    request_id: str
    told: dict[str, object]
    held: contextlib.AsyncExitStack
    is_proved: bool = False
    language: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that is known to be its caller's, and whose action exists."""

    action: Action
    known: KnownKey
    claim: Claim
    body: bytes
    use: Use
    request_id: str
    asked_at: datetime


class Api:
    """The ASGI application that answers `GET /` and `POST /`."""

    def __init__(
        self,
        desk: Desk,
        catalog: Catalog,
        threads: Executor,
        admission: Admission,
        *,
        limits: Limits,
        counts: Counts,
        edge: Edge,
    ) -> None:
        """Serve the public actions of `catalog` on `threads`, to what `admission` lets in."""
        self._desk = desk
        # Clients sign by their own clocks, whatever the desk's is moved to.
        self._machine = SystemClock()
        self._catalog = catalog
        self._threads = threads
        self._admission = admission
        self._limits = limits
        self._counts = counts
        self._edge = edge
        self._guard = Guard(desk)
        self._doubts = HostDoubts(edge, [desk.rules.public_url])

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
                told={"action": self._told(headers.get("x-tc-action", ""))},
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
        self._counts.request(str(exchange.told["action"]), code, seconds)
        elapsed = round(1000 * seconds, 1)
        log.info("request", request_id=exchange.request_id, code=code, ms=elapsed, **exchange.told)

    def _told(self, action: str) -> str:
        """Give an action for the log; one that there is not may be anything, a secret too."""
        known = self._catalog.find(action) is not None or action in vendor.ACTIONS
        return action if known else told_bare(action)

    async def _body_and_code(self, exchange: Exchange) -> tuple[bytes, str]:
        request_id = exchange.request_id
        try:
            return await self._answer(exchange), "ok"
        except ServiceError as error:
            return failure(error, request_id, exchange.language), error.code
        except BodyTooSlow:
            raise
        except StoreUnavailable as error:
            # Foreseen: the request's own line says why, and a traceback would say no more.
            exchange.told["reason"] = str(error)
            return failure(InternalError(), request_id, exchange.language), InternalError.code
        except Exception:
            log.exception("unforeseen", request_id=request_id, **exchange.told)
            return failure(InternalError(), request_id, exchange.language), InternalError.code

    async def _wait_for_turn(self, exchange: Exchange, code: str) -> None:
        """Let a refused stranger's answer wait; its request, large or not, is let go before."""
        turns = self._edge.wrong if code in GUESSES else self._edge.unsigned
        if code in GUESSES or not exchange.is_proved:
            await exchange.held.aclose()
            await self._edge.slow_down(turns, exchange.scope, exchange.receive)

    async def _answer(self, exchange: Exchange) -> bytes:
        scope, told = exchange.scope, exchange.told
        head = Head(method=scope["method"], query=scope["query_string"], headers=exchange.headers)
        body = b""
        try:
            self._edge.check_host(scope, exchange.headers["host"])  # 1
            form = form_of(head)  # 1 (the rest of HTTP's shape is in protocol.py)
            body = await self._body(exchange, form, None) if form.body_first else b""
            now = self._machine.now()
            read = functools.partial(form.claim, body, now)  # 2, 3, 4
            claim = read() if len(body) <= CHEAP_TEXT else await self._edge.aside(read)
            exchange.language = claim.language
            told["action"] = self._told(claim.action)
            found = self._catalog.find(claim.action)
            known, body = await self._proved(exchange, form, claim, body)  # 5, 6
        except ServiceError as refusal:
            exchange.language = exchange.language or language_in(head, body)
            if not isinstance(refusal, SignatureFailure):
                await self._note_refused(head, body, refusal)
            raise
        exchange.is_proved = True
        use = self._use(claim, known.caller.uin, found)
        action = await self._checked(use, claim, known, found)  # 6, 8
        await self._admit(use, known, exchange.held)  # 7, 9
        asked = Asked(
            action=action,
            known=known,
            claim=claim,
            body=body,
            use=use,
            request_id=exchange.request_id,
            asked_at=self._desk.clock.now(),
        )
        return await self._carry_out(asked)  # 12, 13

    def _use(self, claim: Claim | Named, uin: str, found: Action | None) -> Use:
        return Use(
            digest=signature_digest(claim.secret_id, claim.signature),
            uin=uin,
            action=cut(claim.action),
            timestamp=claim.timestamp,
            # Not when the head came: the body may have been held back since.
            at=self._machine.now().timestamp(),
            once=found is not None and found.once,
            action_signed=claim.action_signed,
        )

    async def _checked(
        self, use: Use, claim: Claim, known: KnownKey, found: Action | None
    ) -> Action:
        """Refuse what a right signature does not help; it has been seen all the same."""
        try:
            check_coverage(known, claim, found)
            check_token(known, claim.token, self._desk.clock.now())
            return _existing(claim, found)
        except ServiceError:
            await self._in_its_place(self._admission.note, use)
            await self._keep(use)
            raise

    async def _admit(self, use: Use, known: KnownKey, held: contextlib.AsyncExitStack) -> None:
        limit = known.limits.get(use.action, self._limits.of(use.action))
        try:
            slot: Slot | None = await self._in_its_place(self._admission.take, use, limit)
        except PaceExceeded as exceeded:
            raise RequestLimitExceeded(subject=(str(exceeded.count), str(limit))) from None
        if slot is not None:
            held.push_async_callback(self._in_its_place, self._admission.leave, slot)

    async def _in_its_place(self, ask: Callable[..., Given], *arguments: object) -> Given:
        """Ask the admission, on a thread if it may wait."""
        if not self._admission.waits:
            return ask(*arguments)
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._threads, ask, *arguments)

    async def _proved(
        self, exchange: Exchange, form: Form, claim: Claim, body: bytes
    ) -> tuple[KnownKey, bytes]:
        """Give the key that signed a request, and the whole body."""
        known = await self._known(claim)
        exchange.told["account"] = known.caller.uin
        if not form.body_first:
            found = self._catalog.find(claim.action)
            body = await self._body(exchange, form, found)
        await self._verify(exchange, claim, body, known)
        return known, body

    async def _note_refused(self, head: Head, body: bytes, refusal: ServiceError) -> None:
        """Note a request whose signature was not checked, if there is such a key.

        It does nothing when its clock is right, its key is enabled or its head is put right.
        """
        named = named_in(head, body)
        run = asyncio.get_running_loop().run_in_executor
        uin = await run(self._threads, self._guard.owner_of, named.secret_id) if named else None
        if named is None or uin is None:
            return
        use = self._use(named, uin, self._catalog.find(named.action))
        await self._in_its_place(self._admission.note, use)
        if isinstance(refusal, SecretIdNotFound):
            await self._keep(use)

    async def _known(self, claim: Claim) -> KnownKey:
        known = self._guard.recall(claim.secret_id)
        if known is not None:
            return known
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._threads, self._guard.look_up, claim.secret_id)

    async def _verify(self, exchange: Exchange, claim: Claim, body: bytes, known: KnownKey) -> None:
        """Check the signature, on a thread for strangers where that takes time."""
        day_key = functools.partial(self._guard.day_key, known)

        def fits(one: Claim) -> None:
            one.verify(body, known.secret_key, day_key)

        try:
            if claim.is_cheap(body):
                fits(claim)
            else:
                await self._edge.aside(fits, claim)
        except SignatureFailure:
            exchange.told["host"] = shown(exchange.headers["host"])
            if is_cheap(claim, body):
                looked = (exchange.scope, exchange.headers, claim, fits)
                await self._edge.aside(self._doubts.look, *looked)
            raise

    async def _body(self, exchange: Exchange, form: Form, action: Action | None) -> bytes:
        limit = form.limit(action)
        share = exchange.held.enter_context(self._edge.share(exchange.scope))
        announced = form.head.headers.get("content-length")
        seconds = self._edge.body_seconds
        try:
            return await read_body(
                exchange.receive, announced, limit=limit, seconds=seconds, share=share
            )
        except BodyTooLarge:
            raise form.too_large(limit) from None
        except NoRoom:
            raise RequestLimitExceeded(sentence=NO_ROOM) from None

    async def _carry_out(self, asked: Asked) -> bytes:
        """Carry out an action; it holds no thread while a key is made or the disk is waited for."""
        try:
            return await self._tried(asked)
        except SignatureExpire:
            raise
        except ServiceError:
            # What is carried out keeps its signature by itself, in its own transaction.
            await self._keep(asked.use)
            raise

    async def _keep(self, use: Use) -> None:
        """Keep a signature that did nothing, if a restart would take it for a new one."""
        if use.is_new_after_a_restart:
            run = asyncio.get_running_loop().run_in_executor
            keep = functools.partial(keep_signature, _seen(use))
            await run(self._threads, self._desk.store.write, keep)

    async def _tried(self, asked: Asked) -> bytes:
        attempts = Attempts()
        while True:
            try:
                return await self._attempt(asked)
            except TRIED_AGAIN as failure:
                await asyncio.wrap_future(attempts.next_after(failure))

    async def _attempt(self, asked: Asked) -> bytes:
        run = asyncio.get_running_loop().run_in_executor
        try:
            with contextlib.ExitStack() as held:
                begun = await run(self._threads, self._begin, asked, held)
                if isinstance(begun, bytes):
                    return begun
                with declared(asked.action):
                    reply = await asyncio.wrap_future(begun)
                return _answer(reply, asked.request_id)
        except CallerChanged:
            self._guard.forget(asked.known.caller.actor)
            raise

    def _begin(self, asked: Asked, held: contextlib.ExitStack) -> bytes | Future[Reply]:
        """Answer what only reads; queue a change, without the event loop's help in between."""
        commit = self._desk.prepare(self._invocation(self._up_to_date(asked)), held)
        if has_to_write(asked.action, commit):
            return self._desk.store.submit(commit)
        if asked.use.is_new_after_a_restart:
            self._desk.store.write(functools.partial(keep_signature, _seen(asked.use)))
        with declared(asked.action):
            return _answer(self._desk.store.read(commit), asked.request_id)

    def _invocation(self, asked: Asked) -> Invocation:
        """Steps 10 and 11: may the caller, and what exactly is asked."""
        action, caller = asked.action, asked.known.caller
        permit(caller, action, asked.request_id)
        return Invocation(
            action=action,
            caller=caller,
            request=action.decode(asked.claim.parameters(asked.body)),
            request_id=asked.request_id,
            asked_at=asked.asked_at,
            signature=_seen(asked.use),
            holds=functools.partial(self._guard.holds, asked.known),
        )

    def _up_to_date(self, asked: Asked) -> Asked:
        """Look a key up anew whose request had to wait: for its body, or for something to happen.

        Raises:
            SecretIdNotFound, SignatureFailure, TokenFailure: it may not ask any more.
        """
        secret_id = asked.claim.secret_id
        known = self._guard.recall(secret_id) or self._guard.look_up(secret_id)
        if known is asked.known:
            return asked
        check_coverage(known, asked.claim, asked.action)
        check_token(known, asked.claim.token, self._desk.clock.now())
        return dataclasses.replace(asked, known=known)


def _answer(reply: Reply, request_id: str) -> bytes:
    """Write an answer.

    Raises:
        ResponseSizeLimitExceeded: it is too long.
    """
    body = success(reply, request_id)
    if len(body) > ANSWER_BYTES:
        raise too_long()
    return body


def _existing(claim: Claim, action: Action | None) -> Action:
    """Refuse another version of the API, and an action that was not found."""
    if claim.version != VERSION:
        raise NoSuchVersion(subject=told_bare(claim.version))
    if action is None and claim.action in vendor.ACTIONS:
        raise UnsupportedOperation(f"This desk does not have {claim.action} yet.")
    if action is None:
        raise InvalidAction
    return action


def _seen(use: Use) -> SeenSignature:
    at = datetime.fromtimestamp(use.at, UTC)
    return SeenSignature(digest=use.digest, action=use.action, seen_at=at)


def _trace(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Echo the client's trace id, which the Node SDK reads back."""
    trace = headers.get("x-tc-traceid", "")
    usable = 0 < len(trace) <= TRACE_LIMIT and trace.isascii() and trace.isprintable()
    return {b"x-tc-traceid": trace.encode()} if usable else {}


async def _send(send: Send, status: int, body: bytes, headers: Mapping[bytes, bytes]) -> None:
    # Keys, archives and pass phrases are among the answers, and no cache may keep one.
    head = [
        (b"cache-control", b"no-store"),
        *headers.items(),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
