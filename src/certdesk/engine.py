"""The engine runs declared actions: it prepares and commits them, and retries after a conflict.

A handler works with a `Context`; an `Invocation` is an action with its caller and request.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Generic, cast

import structlog

from certdesk.catalog import Action, Answer, Commit, permission_of
from certdesk.domain.accounts.policy import UNBOUND, Grants
from certdesk.domain.accounts.quotas import AUDIT, QuotaExceeded, limits_of
from certdesk.domain.accounts.records import BY_DESK, AuditEntry, SeenSignature
from certdesk.domain.accounts.replay import HONEST_SECONDS, replayed
from certdesk.domain.errors import (
    FailedOperation,
    InternalError,
    LimitExceeded,
    ResponseSizeLimitExceeded,
    ServiceError,
    SignatureExpire,
    UnauthorizedOperation,
)
from certdesk.domain.orders.listing import ANSWER_BYTES, PageTooLong
from certdesk.domain.people.role import Role
from certdesk.domain.rules import Rules
from certdesk.domain.values.record import Record
from certdesk.ports import (
    Clock,
    DnsProviders,
    Examiner,
    Issuers,
    Keys,
    KeyUsedUp,
    Parsers,
    ParsersBusy,
    PasswordHasher,
    Pending,
    SignInProviders,
    Stale,
    Store,
    Taken,
    Unit,
    Vault,
    Work,
)
from certdesk.ports.parsing import Found, P
from certdesk.wire.decode import hidden_in
from certdesk.wire.model import Reply, Request

Holds = Callable[[Unit], bool]

ATTEMPTS = 3
"""How often an action is tried if others change the same records at the same time."""

OF_EVERY_ACTION = (SignatureExpire, LimitExceeded, ResponseSizeLimitExceeded)
"""The vendor's common errors, which the engine raises and no action declares."""

PENDING_SECONDS = 30
"""How long a thread waits for something in progress, such as a key."""

log = structlog.get_logger()


class CallerChanged(Stale):
    """The caller's key, user, policies or account were changed since the action was begun."""


class Written(Record, Generic[Answer], gc=True):
    """A commit that writes, of an action that otherwise only reads: it logs what it shows."""

    commit: Commit[Answer]

    def __call__(self, unit: Unit) -> Answer:
        """Commit."""
        return self.commit(unit)


class Known(Record, Generic[Answer]):
    """The second half of an operator's action that needs nothing from the database.

    It works even while the database does not answer.
    """

    answer: Answer

    def __call__(self, _: Unit) -> Answer:
        """Return the answer."""
        return self.answer


def has_to_write(action: Action, commit: Commit[Answer]) -> bool:
    """Whether a commit of an action needs a transaction that writes."""
    return action.writes or isinstance(commit, Written)


class Caller(Record, kw_only=True):
    """The caller: an account, one of its users, a person of the staff, or the desk itself.

    `user_id` is the user, None for the account itself; `grants` are its policies. `uid` is the
    system user who runs the operator's command, None if unknown. `person` is the login of the
    console, None if it is another entrance; `name` is that of the login or of the system user.
    `session` is the digest of the person's session.
    """

    uin: str
    actor: str
    verified: bool
    user_id: int | None = None
    grants: Grants = UNBOUND
    uid: int | None = None
    role: Role = Role.NOBODY
    person: int | None = None
    name: str = ""
    session: bytes | None = None

    @property
    def operator(self) -> str:
        """The login that decides: a person of the console or a system user, never a typed name."""
        if self.person is not None:
            return f"person {self.person}"
        return self.actor if self.uid is None else f"uid {self.uid}"


OPERATOR = Caller(uin="", actor="operator", verified=True, role=Role.OPERATOR)


class Invocation(Record, kw_only=True, gc=True):
    """An action to be run for a caller.

    `signature` is the request's, if it has one, timed by the machine's clock, as clients sign by
    theirs: it is good for one change. `asked_at` is when the request came. `holds` returns, in the
    transaction that commits, whether the caller is still as it was when it was looked up; None if
    nothing can change it.
    """

    action: Action
    caller: Caller
    request: Request
    request_id: str
    asked_at: datetime
    signature: SeenSignature | None = None
    holds: Holds | None = None


class Context(Record, kw_only=True, gc=True):
    """What a handler may use besides its request: the desk, the caller and the action.

    `action` is the name in policies and the log: the action's own, unless it does the work of
    another action. `now` is when this attempt began: for an invocation that had to wait, later than
    when it was asked for. `held` is released after the commit.
    """

    desk: Desk
    invocation: Invocation
    action: str
    now: datetime
    held: contextlib.ExitStack

    @property
    def caller(self) -> Caller:
        """The caller."""
        return self.invocation.caller

    @property
    def permission(self) -> str:
        """The name of the action in policies."""
        return permission_of(self.action)

    def parse(
        self, otherwise: Found, parser: Callable[P, Found], *arguments: P.args, **named: P.kwargs
    ) -> Found:
        """Return the result of a parser that may take long (`ports.Parsers`), or `otherwise`.

        Raises:
            Pending: as `ports.Parsers`.
            FailedOperation: too many values are waiting to be parsed.
        """
        run, request_id = self.desk.parsers.run, self.invocation.request_id
        try:
            return run(self.caller.uin, request_id, otherwise, parser, *arguments, **named)
        except ParsersBusy:
            detail = "The desk is reading too many requests. Try again in a minute."
            raise FailedOperation(detail) from None

    def record(self, unit: Unit, subject: str, detail: str = "", *, uin: str = "") -> None:
        """Write the audit row of a change, in the same transaction."""
        unit.audit.add(
            AuditEntry(
                at=self.now,
                request_id=self.invocation.request_id,
                uin=uin or self.caller.uin,
                actor=self.caller.actor,
                action=self.action,
                subject=subject,
                detail=detail,
                user_id=self.caller.user_id,
            )
        )


TRIED_AGAIN = (Stale, Pending)
"""The failures after which an action is retried, as `Attempts` says."""


class Attempts:
    """How often an invocation is tried, and what to wait for before the next attempt.

    An invocation may lose a race with another one twice. Waiting for something in progress does not
    count as an attempt. Neither does finding that another process has used a key: after each, the
    processes have one key less in common.
    """

    def __init__(self) -> None:
        """Start with the first attempt."""
        self._left = ATTEMPTS

    def next_after(self, failure: Stale | Pending) -> Future[None]:
        """Return what to wait for before the next attempt; raise the failure if there is none.

        What a failed attempt has borrowed must have been given back before.
        """
        if isinstance(failure, Pending):
            return failure.done
        if not isinstance(failure, KeyUsedUp):
            self._left -= 1
        if not self._left:
            raise failure
        return AT_ONCE


AT_ONCE: Future[None] = Future()
AT_ONCE.set_result(None)


class Desk(Record, kw_only=True, gc=True):
    """Everything that actions work on, and the way to run an action.

    `health` returns at once what is wrong with the desk, in plain words.
    """

    store: Store
    vault: Vault
    keys: Keys
    parsers: Parsers
    issuers: Issuers
    dns_providers: DnsProviders
    passwords: PasswordHasher
    sign_in_providers: SignInProviders
    clock: Clock
    rng: random.Random
    work: Work
    rules: Rules
    examiners: tuple[Examiner, ...] = ()
    health: Callable[[], Iterable[str]] = tuple

    def perform(
        self,
        action: Action,
        caller: Caller,
        request: Request,
        request_id: str,
        signature: SeenSignature | None = None,
        holds: Holds | None = None,
    ) -> Reply:
        """Prepare and commit an action for `caller`; see `Invocation`.

        Raises:
            CallerChanged: `holds` returned false.
            TimeoutError: something in progress takes too long.
            ServiceError: one that the action's declaration lists, or `InternalError` for any other.
        """
        invocation = Invocation(
            action=action,
            caller=caller,
            request=request,
            request_id=request_id,
            asked_at=self.clock.now(),
            signature=signature,
            holds=holds,
        )
        attempts = Attempts()
        while True:
            try:
                return self._attempt(invocation)
            except TRIED_AGAIN as failure:
                attempts.next_after(failure).result(PENDING_SECONDS)

    def _attempt(self, invocation: Invocation) -> Reply:
        # The failure leaves this context so that what the attempt borrowed is given back.
        with contextlib.ExitStack() as held:
            commit = self.prepare(invocation, held)
            if isinstance(commit, Known):
                return cast("Reply", commit.answer)
            written = has_to_write(invocation.action, commit)
            with declared(invocation.action):
                return self.store.write(commit) if written else self.store.read(commit)

    def prepare(self, invocation: Invocation, held: contextlib.ExitStack) -> Commit[Reply]:
        """Run the first half of an action; return the second, which the store runs.

        What the first half borrows is put into `held`. The caller closes `held` after the second
        half, with the exception if that raised one.

        Raises:
            ServiceError: as `perform`.
        """
        action, request = invocation.action, invocation.request
        check_role(invocation.caller, action)
        context = Context(
            desk=self, invocation=invocation, action=action.name, now=self.clock.now(), held=held
        )
        with declared(action), concealing(request):
            commit: Commit[Reply] = action.handler(context, request)
        if isinstance(commit, Known) and action.internal:
            return commit
        return _complete(context, commit)


def check_role(caller: Caller, action: Action) -> None:
    """Refuse an action that is not declared for the caller's role.

    Raises:
        UnauthorizedOperation: it is for other roles.
    """
    if caller.role not in action.roles:
        raise UnauthorizedOperation(f"{action.name} is not for the role {caller.role}.")


@contextlib.contextmanager
def declared(action: Action) -> Iterator[None]:
    """Let through the errors that the action declares; turn others into `InternalError`.

    An exceeded quota, and a page too long for a reply, get their error here.
    """
    try:
        yield
    except QuotaExceeded as exceeded:
        raise LimitExceeded(str(exceeded)) from None
    except PageTooLong:
        raise too_long() from None
    except ServiceError as error:
        if isinstance(error, (*OF_EVERY_ACTION, *action.errors)):
            raise
        log.exception("undeclared refusal", action=action.name, code=error.code)
        raise InternalError from error


def too_long() -> ResponseSizeLimitExceeded:
    """Return the error for a reply that is too long."""
    return ResponseSizeLimitExceeded(
        f"The answer would have more than {ANSWER_BYTES} bytes. Request fewer at once (Limit)."
    )


@contextlib.contextmanager
def concealing(request: Request) -> Iterator[None]:
    """Remove from refusals the values that no message may repeat, wherever the request has them."""
    try:
        yield
    except ServiceError as error:
        hidden = hidden_in(request, len(error.message))
        for value in sorted(hidden, key=len, reverse=True):
            error.conceal(value)
        raise


def _complete(context: Context, commit: Commit[Answer]) -> Commit[Answer]:
    """Add to a commit what the engine checks in the same transaction.

    Before it: that what let the request in is still true and that its signature is new. After it:
    that the account is within its quotas.
    """
    invocation, action = context.invocation, context.invocation.action
    limits = _limits(context)
    writes = has_to_write(action, commit)
    signature = invocation.signature if writes else None
    # Reads that show no secret rely on what was looked up at most half a second ago.
    holds = invocation.holds if writes or action.shows_secret else None

    def complete(unit: Unit) -> Answer:
        if holds is not None and not holds(unit):
            raise CallerChanged
        if signature is not None:
            keep_signature(signature, unit)
        with concealing(invocation.request):
            reply = commit(unit)
            if limits:
                unit.usage.count_changes(limits)
            return reply

    return Written(complete) if isinstance(commit, Written) else complete


def _limits(context: Context) -> Mapping[str, int]:
    """Return the quotas that apply to an invocation.

    An account with a full log blocks only itself: the operator may still act on it, and so may the
    desk, which makes successors of its certificates.
    """
    if context.invocation.action.ends or context.caller.actor == BY_DESK:
        return {}
    but = frozenset() if context.caller.uin else frozenset({AUDIT})
    return limits_of(context.desk.rules.quotas, but=but)


def keep_signature(signature: SeenSignature, unit: Unit) -> None:
    """Store the first use of a signature in the database.

    Raises:
        SignatureExpire: it was used before, too long ago to be a client's retry.
    """
    # Nearly all are new. To read first would cost a statement and, on PostgreSQL, races.
    try:
        unit.seen_signatures.add(signature)
    except Taken:
        seen = unit.seen_signatures.get(signature.digest)
        # If the clock was set back, an old use still counts as old.
        if seen and abs((signature.seen_at - seen.seen_at).total_seconds()) > HONEST_SECONDS:
            raise replayed() from None
