"""The API at `/`: the way of a request, step by step (design, part 3).

Whatever happens, the answer is HTTP 200 with an envelope; only broken HTTP gets anything else.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import structlog

from certdesk.catalog import Action, Caller, Catalog, Desk
from certdesk.domain.errors import (
    InternalError,
    InvalidAction,
    InvalidParameter,
    InvalidRequest,
    MissingParameter,
    NoSuchVersion,
    RequestSizeLimitExceeded,
    ServiceError,
    UnsupportedOperation,
    UnsupportedProtocol,
)
from certdesk.ports import KeyPending
from certdesk.web.body import BodyTooLarge, BodyTooSlow, read_body
from certdesk.web.guard import Guard, KnownKey, permit
from certdesk.wire import vendor
from certdesk.wire.decode import decode
from certdesk.wire.envelope import failure, success
from certdesk.wire.signature import (
    ALGORITHM,
    VERSION,
    Authorization,
    SignedRequest,
    check_scope,
    check_time,
    parse_authorization,
    verify,
)
from certdesk.wire.strict_json import BadJson, parse_object

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

KIB = 1024
UNKNOWN_ACTION_LIMIT = 256 * KIB
TRACE_LIMIT = 128

log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The common parameters of a request, present and well formed."""

    action: str
    version: str
    timestamp: int
    authorization: Authorization


class Api:
    """The ASGI application that answers `GET /` and `POST /`."""

    def __init__(
        self, desk: Desk, catalog: Catalog, threads: Executor, *, body_seconds: float
    ) -> None:
        """Serve the public actions of `catalog` on `threads`."""
        self._desk = desk
        self._catalog = catalog
        self._threads = threads
        self._body_seconds = body_seconds
        self._guard = Guard(desk)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.monotonic()
        request_id = str(uuid.uuid4())
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        told: dict[str, object] = {"action": headers.get("x-tc-action", "")[:64]}
        try:
            body = await self._answer(scope, receive, headers, request_id, told)
            code = "ok"
        except BodyTooSlow:
            await _send(send, 408, b"", {b"connection": b"close"})
            return
        except ServiceError as error:
            body, code = failure(error, request_id), error.code
        except Exception:
            log.exception("unforeseen", request_id=request_id, **told)
            body, code = failure(InternalError(), request_id), InternalError.code
        extra = _trace(headers)
        await _send(send, 200, body, {b"content-type": b"application/json", **extra})
        elapsed = round(1000 * (time.monotonic() - began), 1)
        log.info("request", request_id=request_id, code=code, ms=elapsed, **told)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        headers: Mapping[str, str],
        request_id: str,
        told: dict[str, object],
    ) -> bytes:
        _check_form(scope, headers)  # 1 (the rest of HTTP's shape is in protocol.py)
        common = self._common(headers)  # 2, 3, 4
        run = asyncio.get_running_loop().run_in_executor
        secret_id = common.authorization.secret_id
        known = self._guard.recall(secret_id)  # 5
        if known is None:
            known = await run(self._threads, self._guard.look_up, secret_id)
        told["account"] = known.caller.uin
        body = await self._body(receive, headers, common)  # 6
        signed = SignedRequest(
            method=scope["method"],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            payload_hash=hashlib.sha256(body).hexdigest(),
            timestamp=common.timestamp,
        )
        self._check_signature(common.authorization, signed, known)
        action = self._action(common)  # 8
        while True:
            try:
                return await run(
                    self._threads, self._carry_out, action, known.caller, body, request_id
                )
            except KeyPending as pending:
                # The key is made elsewhere: meanwhile the request holds no thread.
                await asyncio.wrap_future(pending.made)

    def _common(self, headers: Mapping[str, str]) -> Common:
        for parameter in ("Action", "Version", "Timestamp"):
            if not headers.get(f"x-tc-{parameter.lower()}"):
                raise MissingParameter(subject=parameter)
        if not headers.get("authorization"):
            raise MissingParameter(subject="SecretId")
        authorization = parse_authorization(headers["authorization"])
        timestamp = check_time(headers["x-tc-timestamp"], self._desk.clock.now())
        check_scope(authorization, timestamp, headers["host"])
        return Common(
            action=headers["x-tc-action"],
            version=headers["x-tc-version"],
            timestamp=timestamp,
            authorization=authorization,
        )

    async def _body(self, receive: Receive, headers: Mapping[str, str], common: Common) -> bytes:
        action = self._catalog.find(common.action)
        limit = action.body_limit if action else UNKNOWN_ACTION_LIMIT
        try:
            return await read_body(
                receive, headers.get("content-length"), limit=limit, seconds=self._body_seconds
            )
        except BodyTooLarge:
            raise RequestSizeLimitExceeded(
                f"{common.action} takes at most {limit} bytes."
            ) from None

    def _check_signature(
        self, authorization: Authorization, signed: SignedRequest, known: KnownKey
    ) -> None:
        key = self._guard.day_key(known, authorization.date, authorization.service)
        verify(authorization, signed, key)

    def _action(self, common: Common) -> Action:
        if common.version != VERSION:
            raise NoSuchVersion(subject=common.version[:32])
        action = self._catalog.find(common.action)
        if action is None and common.action in vendor.ACTIONS:
            raise UnsupportedOperation(f"This desk does not have {common.action} yet.")
        if action is None:
            raise InvalidAction
        return action

    def _carry_out(self, action: Action, caller: Caller, body: bytes, request_id: str) -> bytes:
        permit(caller, action)  # 10
        request = decode(_parameters(body), action.request)  # 11
        reply = self._desk.perform(action, caller, request, request_id)  # 12
        return success(reply, request_id)  # 13


def _check_form(scope: Scope, headers: Mapping[str, str]) -> None:
    """Refuse what is HTTP but no form of request that is read here."""
    method = scope["method"]
    if method not in ("GET", "POST"):
        raise UnsupportedProtocol(f"Use POST, not {method[:16]}.")
    if headers.get("content-encoding", "identity") != "identity":
        raise InvalidRequest("Content-Encoding must be identity.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if "authorization" not in headers:
        # The older signature is a parameter: of the query of a GET, of the form of a POST.
        if b"Signature=" in scope["query_string"] or kind == "application/x-www-form-urlencoded":
            raise InvalidRequest(f"HmacSHA1 and HmacSHA256 are not read yet; use {ALGORITHM}.")
        return
    if method == "GET":
        raise UnsupportedProtocol("Parameters in the query are not read yet; use POST with JSON.")
    if kind != "application/json":
        raise InvalidRequest("Content-Type must be application/json; other forms are not read yet.")
    if headers.get("x-tc-content-sha256") == "UNSIGNED-PAYLOAD":
        raise InvalidRequest("UNSIGNED-PAYLOAD is not read yet; sign the body.")


def _parameters(body: bytes) -> dict[str, object]:
    try:
        return parse_object(body)
    except BadJson as bad:
        raise InvalidParameter(
            f"The body is not the JSON that it should be: {bad.rule}.", subject="body"
        ) from None


def _trace(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Echo the client's trace id, which the Node SDK reads back."""
    trace = headers.get("x-tc-traceid", "")
    usable = 0 < len(trace) <= TRACE_LIMIT and trace.isascii() and trace.isprintable()
    return {b"x-tc-traceid": trace.encode()} if usable else {}


async def _send(send: Send, status: int, body: bytes, headers: Mapping[bytes, bytes]) -> None:
    head = [*headers.items(), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
