"""The steps of a request; `web/api.py` lists them in order.

Each step stores what it finds out about a request in `Asked`, or refuses the request.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from certdesk.bootstrap import SystemClock
from certdesk.catalog import Action, Catalog
from certdesk.domain.accounts.records import SeenSignature
from certdesk.domain.accounts.replay import Use
from certdesk.domain.errors import (
    InvalidAction,
    NoSuchVersion,
    RequestLimitExceeded,
    SecretIdNotFound,
    ServiceError,
    SignatureExpire,
    SignatureFailure,
    UnsupportedOperation,
)
from certdesk.domain.orders.listing import ANSWER_BYTES
from certdesk.domain.values.redaction import cut, redacted_bare
from certdesk.engine import Desk, Invocation, declared, has_to_write, keep_signature, too_long
from certdesk.ports import RateLimitExceeded
from certdesk.web.admission import Gate
from certdesk.web.body import BodyTooLarge, NoRoom, read_body
from certdesk.web.edge import Edge, shown
from certdesk.web.forms import CHEAP_TEXT, Claim, Form, Head, form_of
from certdesk.web.guard import Guard, KnownKey, check_coverage, check_token, permit
from certdesk.web.host_diagnosis import HostDiagnosis, is_cheap
from certdesk.web.rate_limits import Limits
from certdesk.web.refused import Named, language_in, named_in
from certdesk.web.thread_pool import ThreadPool
from certdesk.wire import vendor
from certdesk.wire.envelope import success
from certdesk.wire.model import Reply, Request
from certdesk.wire.signature import VERSION, signature_digest

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

NO_ROOM = "The desk is receiving too many large requests. Send this one again later."


@dataclasses.dataclass(slots=True, kw_only=True)
class Exchange:
    """One request in progress: `log_fields` are for the log; `held` is released after the answer.

    `is_proved` is true once its signature is verified; `language` is the one it requests.
    """

    scope: Scope
    receive: Receive
    headers: Mapping[str, str]
    request_id: str
    log_fields: dict[str, object]
    held: contextlib.AsyncExitStack
    is_proved: bool = False
    language: str = ""


@dataclasses.dataclass(slots=True)
class Asked:
    """What the steps have found out about a request so far; it is released before the answer.

    `found` is the named action, if it exists; `action` is the same once it is known to exist.
    `borrowed` is returned after an attempt to carry the action out; `writing` is what such an
    attempt waits for.
    """

    exchange: Exchange
    head: Head
    body: bytes = b""
    form: Form = dataclasses.field(init=False)
    claim: Claim = dataclasses.field(init=False)
    found: Action | None = None
    known: KnownKey = dataclasses.field(init=False)
    use: Use = dataclasses.field(init=False)
    action: Action = dataclasses.field(init=False)
    asked_at: datetime = dataclasses.field(init=False)
    borrowed: contextlib.ExitStack = dataclasses.field(init=False)
    request: Request = dataclasses.field(init=False)
    writing: Future[Reply] | None = None
    reply: Reply = dataclasses.field(init=False)
    answer: bytes = b""


class Steps:
    """The steps, and what they depend on."""

    def __init__(
        self,
        desk: Desk,
        catalog: Catalog,
        threads: ThreadPool,
        gate: Gate,
        *,
        limits: Limits,
        edge: Edge,
    ) -> None:
        """Take requests for the public actions of `catalog`."""
        self._desk = desk
        # Clients sign by real time, even if the desk's clock was moved.
        self._machine = SystemClock()
        self._catalog = catalog
        self._threads = threads
        self._gate = gate
        self._limits = limits
        self._edge = edge
        self._guard = Guard(desk)
        self._host_diagnosis = HostDiagnosis(edge, [desk.rules.public_url])

    def loggable(self, action: str) -> str:
        """Return an action for the log; an unknown one is hidden, since it may be a secret."""
        known = self._catalog.find(action) is not None or action in vendor.ACTIONS
        return action if known else redacted_bare(action)

    # --- a stranger's request ---------------------------------------------------------------------

    def find_form(self, asked: Asked) -> None:
        """Find the form; `web/connections/protocol.py` checks the rest of HTTP."""
        self._edge.check_host(asked.exchange.scope, asked.head.headers["host"])
        asked.form = form_of(asked.head)

    async def read_claim(self, asked: Asked) -> None:
        """Read the request's claim, from its body if its form has it there."""
        exchange, form = asked.exchange, asked.form
        if form.body_first:
            await self._read_body(asked)
        read = functools.partial(form.claim, asked.body, self._machine.now())
        cheap = len(asked.body) <= CHEAP_TEXT
        asked.claim = read() if cheap else await self._edge.aside(read)
        exchange.language = asked.claim.language
        exchange.log_fields["action"] = self.loggable(asked.claim.action)
        asked.found = self._catalog.find(asked.claim.action)

    async def find_key(self, asked: Asked) -> None:
        """Find the key, on a thread if it must be read."""
        secret_id = asked.claim.secret_id
        known = self._guard.recall(secret_id)
        if known is None:
            known = await self._threads.run(self._guard.look_up, secret_id)
        asked.known = known
        asked.exchange.log_fields["account"] = known.caller.uin

    async def read_body(self, asked: Asked) -> None:
        """Read the body, unless it was read with the claim."""
        if not asked.form.body_first:
            await self._read_body(asked)

    async def _read_body(self, asked: Asked) -> None:
        exchange, form = asked.exchange, asked.form
        limit = form.limit(asked.found)
        share = exchange.held.enter_context(self._edge.share(exchange.scope))
        announced = form.head.headers.get("content-length")
        seconds = self._edge.body_seconds
        try:
            asked.body = await read_body(
                exchange.receive, announced, limit=limit, seconds=seconds, share=share
            )
        except BodyTooLarge:
            raise form.too_large(limit) from None
        except NoRoom:
            raise RequestLimitExceeded(sentence=NO_ROOM) from None

    async def verify(self, asked: Asked) -> None:
        """Check the signature, on a strangers' thread if that takes time."""
        exchange, claim, body, known = asked.exchange, asked.claim, asked.body, asked.known
        day_key = functools.partial(self._guard.day_key, known)

        def fits(one: Claim) -> None:
            one.verify(body, known.secret_key, day_key)

        try:
            if claim.is_cheap(body):
                fits(claim)
            else:
                await self._edge.aside(fits, claim)
        except SignatureFailure:
            exchange.log_fields["host"] = shown(asked.head.headers["host"])
            if is_cheap(claim, body):
                arguments = (exchange.scope, asked.head.headers, claim, fits)
                await self._edge.aside(self._host_diagnosis.examine, *arguments)
            raise
        exchange.is_proved = True

    async def note_stranger(self, asked: Asked, refusal: ServiceError) -> None:
        """Record a request whose signature was not checked, if its key exists.

        It then has no effect when sent again, even with the clock, key or head corrected.
        """
        head, body, exchange = asked.head, asked.body, asked.exchange
        exchange.language = exchange.language or language_in(head, body)
        if isinstance(refusal, SignatureFailure):
            return
        named = named_in(head, body)
        uin = await self._threads.run(self._guard.owner_of, named.secret_id) if named else None
        if named is None or uin is None:
            return
        use = self._use(named, uin, self._catalog.find(named.action))
        await self._gate.note(use)
        if isinstance(refusal, SecretIdNotFound):
            await self._keep(use)

    # --- its sender's -----------------------------------------------------------------------------

    def check_reach(self, asked: Asked) -> None:
        """Check the coverage of the signature, and the token."""
        asked.use = self._use(asked.claim, asked.known.caller.uin, asked.found)
        check_coverage(asked.known, asked.claim, asked.found)
        check_token(asked.known, asked.claim.token, self._desk.clock.now())

    def find_action(self, asked: Asked) -> None:
        """Refuse another version of the API, and an unknown action."""
        claim = asked.claim
        if claim.version != VERSION:
            raise NoSuchVersion(subject=redacted_bare(claim.version))
        if asked.found is None and claim.action in vendor.ACTIONS:
            raise UnsupportedOperation(f"This desk does not have {claim.action} yet.")
        if asked.found is None:
            raise InvalidAction
        asked.action = asked.found

    async def note(self, asked: Asked, _: ServiceError) -> None:
        """Record a request that is refused although its signature is right."""
        await self._gate.note(asked.use)
        await self._keep(asked.use)

    async def admit(self, asked: Asked) -> None:
        """Admit the request, and so record its signature, whatever the outcome."""
        use, held = asked.use, asked.exchange.held
        limit = asked.known.limits.get(use.action, self._limits.of(use.action))
        try:
            slot = await self._gate.take(use, limit)
        except RateLimitExceeded as exceeded:
            raise RequestLimitExceeded(subject=(str(exceeded.count), str(limit))) from None
        if slot is not None:
            held.push_async_callback(self._gate.leave, slot)
        asked.asked_at = self._desk.clock.now()

    async def pass_over(self, asked: Asked, refusal: ServiceError) -> None:
        """Do nothing after a refusal."""

    # --- that was let in; these steps run on a thread ---------------------------------------------

    def permit(self, asked: Asked) -> None:
        """Check the policies, with a fresh look-up of the key if the request had to wait.

        It may have waited for its body or for a result.

        Raises:
            SecretIdNotFound, SignatureFailure, TokenFailure: the key is no longer valid.
        """
        claim = asked.claim
        known = self._guard.recall(claim.secret_id) or self._guard.look_up(claim.secret_id)
        if known is not asked.known:
            check_coverage(known, claim, asked.action)
            check_token(known, claim.token, self._desk.clock.now())
            asked.known = known
        permit(known.caller, asked.action, asked.exchange.request_id)

    def decode(self, asked: Asked) -> None:
        """Read the action's parameters."""
        asked.request = asked.action.decode(asked.claim.parameters(asked.body))

    def carry_out(self, asked: Asked) -> None:
        """Read, or queue a change, without going back to the event loop."""
        invocation = Invocation(
            action=asked.action,
            caller=asked.known.caller,
            request=asked.request,
            request_id=asked.exchange.request_id,
            asked_at=asked.asked_at,
            signature=_seen(asked.use),
            holds=functools.partial(self._guard.holds, asked.known),
        )
        commit = self._desk.prepare(invocation, asked.borrowed)
        if has_to_write(asked.action, commit):
            asked.writing = self._desk.store.submit(commit)
            return
        if asked.use.is_new_after_a_restart:
            self._desk.store.write(functools.partial(keep_signature, _seen(asked.use)))
        with declared(asked.action):
            asked.reply = self._desk.store.read(commit)

    def write_answer(self, asked: Asked) -> None:
        """Write the reply's envelope.

        Raises:
            ResponseSizeLimitExceeded: the answer is too long.
        """
        asked.answer = success(asked.reply, asked.exchange.request_id)
        if len(asked.answer) > ANSWER_BYTES:
            raise too_long()

    async def keep(self, asked: Asked, refusal: ServiceError) -> None:
        """Store the signature; an action that is carried out stores it in its own transaction."""
        if not isinstance(refusal, SignatureExpire):
            await self._keep(asked.use)

    def forget_key(self, asked: Asked) -> None:
        """Force a fresh look-up of the key in the next attempt."""
        self._guard.forget(asked.known.caller.actor)

    # --- what several need ------------------------------------------------------------------------

    def _use(self, claim: Claim | Named, uin: str, found: Action | None) -> Use:
        return Use(
            digest=signature_digest(claim.secret_id, claim.signature),
            uin=uin,
            action=cut(claim.action),
            timestamp=claim.timestamp,
            # Not the time of the head, since the body may have been held back.
            at=self._machine.now().timestamp(),
            once=found is not None and found.once,
            action_signed=claim.action_signed,
        )

    async def _keep(self, use: Use) -> None:
        """Store a signature that changed nothing, if it could be replayed after a restart."""
        if use.is_new_after_a_restart:
            keep = functools.partial(keep_signature, _seen(use))
            await self._threads.run(self._desk.store.write, keep)


def _seen(use: Use) -> SeenSignature:
    at = datetime.fromtimestamp(use.at, UTC)
    return SeenSignature(digest=use.digest, action=use.action, seen_at=at)
