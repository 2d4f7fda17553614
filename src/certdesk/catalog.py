"""An action is declared once: one function with its request and reply types.

Decoder, permission, reference page, command and conformance tests derive from the declaration.
A handler has two halves: its body **prepares** (parses, checks, makes keys; may take its time),
and the closure that it returns **commits** in one transaction (reads, decides, writes, audits).
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import random
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import structlog

from certdesk.domain.errors import (
    FailedOperation,
    InternalError,
    InvalidParam,
    InvalidParameter,
    LimitExceeded,
    ResponseSizeLimitExceeded,
    ServiceError,
    SignatureExpire,
)
from certdesk.domain.listing import ANSWER_BYTES, PageTooLong
from certdesk.domain.policy import UNBOUND, Grants
from certdesk.domain.quotas import AUDIT, QuotaExceeded, Quotas, limits_of
from certdesk.domain.records import AuditEntry, SeenSignature
from certdesk.domain.rules import Rules
from certdesk.domain.sightings import HONEST_SECONDS, replayed
from certdesk.ports import (
    Clock,
    DnsProviders,
    Examiner,
    Keys,
    KeyUsedUp,
    Parsers,
    ParsersBusy,
    Pki,
    Stale,
    Store,
    Unit,
    Vault,
    Work,
)
from certdesk.ports.parsing import Found, P
from certdesk.wire.decode import decode, hidden_in, prepare
from certdesk.wire.model import Reply, Request, shows_a_secret

Answer = TypeVar("Answer", bound=Reply)
Commit = Callable[[Unit], Answer]
Holds = Callable[[Unit], bool]
Handler = TypeVar("Handler", bound=Callable[..., Commit[Any]])


@dataclasses.dataclass(frozen=True, slots=True)
class Written(Generic[Answer]):
    """A commit that writes, of an action that otherwise only reads: what it shows is noted."""

    commit: Commit[Answer]

    def __call__(self, unit: Unit) -> Answer:
        """Commit."""
        return self.commit(unit)


@dataclasses.dataclass(frozen=True, slots=True)
class Known(Generic[Answer]):
    """The second half of an operator's action that asks the database nothing.

    So it is answered also where the database does not answer.
    """

    answer: Answer

    def __call__(self, _: Unit) -> Answer:
        """Return the answer."""
        return self.answer


def has_to_write(action: Action, commit: Commit[Answer]) -> bool:
    """Whether a commit of an action is for the store to write, and not only to read."""
    return action.writes or isinstance(commit, Written)


KIB = 1024
ATTEMPTS = 3
"""How often an action is tried when another one changes the same thing at the same time."""

log = structlog.get_logger()


class CallerChanged(Stale):
    """The caller's key, user, policies or account were changed since the action was begun."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: an account or one of its users through a key, or the operator of the desk.

    `user_id` is the user, None for the account itself; `grants` is what binds it. `uid` is the user
    of the system by whom the operator's command runs, None where that is not known.
    """

    uin: str
    actor: str
    verified: bool
    user_id: int | None = None
    grants: Grants = UNBOUND
    uid: int | None = None

    @property
    def operator(self) -> str:
        """Who decides, if the operator does: a user of the system, whatever name is typed."""
        return self.actor if self.uid is None else f"uid {self.uid}"


OPERATOR = Caller(uin="", actor="operator", verified=True)
OF_EVERY_ACTION = (SignatureExpire, LimitExceeded, ResponseSizeLimitExceeded)
"""The vendor's common errors, which the engine raises and no action declares."""

BY_DESK = "desk"
"""The actor of what the desk does by itself for an account."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a handler may use, besides its request; `held` is let go after the commit.

    `asked_at` is when the request came, which for one that had to wait is before `now`; `errors`
    are what the action declares.
    """

    action: str
    errors: tuple[type[ServiceError], ...]
    caller: Caller
    request_id: str
    now: datetime
    asked_at: datetime
    rng: random.Random
    store: Store
    vault: Vault
    keys: Keys
    parsers: Parsers
    work: Work
    rules: Rules
    pki: Pki
    dns_providers: DnsProviders
    held: contextlib.ExitStack
    examiners: tuple[Examiner, ...] = ()

    @property
    def permission(self) -> str:
        """The name by which policies speak of the action."""
        return permission_of(self.action)

    def parse(
        self, otherwise: Found, parser: Callable[P, Found], *arguments: P.args, **named: P.kwargs
    ) -> Found:
        """Give what a parser finds that takes long (`ports.Parsers`), or `otherwise`.

        Raises:
            Pending: as `ports.Parsers`.
            FailedOperation: too much waits to be parsed.
        """
        run = self.parsers.run
        try:
            return run(self.caller.uin, self.request_id, otherwise, parser, *arguments, **named)
        except ParsersBusy:
            detail = "Too much is being read at once. Try again in a minute."
            raise FailedOperation(detail) from None

    def record(self, unit: Unit, subject: str, detail: str = "", *, uin: str = "") -> None:
        """Write the audit row of a change, in the change's own transaction."""
        unit.audit.add(
            AuditEntry(
                at=self.now,
                request_id=self.request_id,
                uin=uin or self.caller.uin,
                actor=self.caller.actor,
                action=self.action,
                subject=subject,
                detail=detail,
                user_id=self.caller.user_id,
            )
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One declared action of the API (or, if `internal`, of the operator)."""

    name: str
    handler: Callable[..., Commit[Any]]
    request: type[Request]
    reply: type[Reply]
    errors: tuple[type[ServiceError], ...]
    writes: bool
    internal: bool
    sensitive: bool
    account_wide: bool
    shows_secret: bool
    ends: bool
    body_limit: int

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").splitlines()[0]

    @property
    def permission(self) -> str:
        """The name by which policies speak of it."""
        return permission_of(self.name)

    def decode(self, parameters: Mapping[str, object]) -> Request:
        """Read the parameters of a request; raises what `wire.decode.decode` does.

        What is too long, or cannot be seen, has the code that the action has for values that break
        its rules.
        """
        unfit = InvalidParam if InvalidParam in self.errors else InvalidParameter
        return decode(parameters, self.request, unfit=unfit)

    def permitted(self, grants: Grants) -> bool:
        """Whether it may be asked for at all; of what it does to an order, its handler asks."""
        ask = grants.permits_for_all if self.account_wide else grants.permits
        return ask(self.permission)

    @property
    def once(self) -> bool:
        """Whether a signature is good for it once: it changes something or shows a secret."""
        return self.writes or self.shows_secret


def permission_of(action: str) -> str:
    """Give the name by which policies speak of an action: `ssl:CertificateInfoSubmit`."""
    return f"ssl:{action}"


class Catalog:
    """All declared actions, by wire name."""

    def __init__(self) -> None:
        """Begin empty; modules of `actions/` fill it when they are imported."""
        self._actions: dict[str, Action] = {}

    def action(
        self,
        *errors: type[ServiceError],
        writes: bool = False,
        internal: bool = False,
        sensitive: bool = False,
        account_wide: bool = False,
        ends: bool = False,
        body_limit: int = 256 * KIB,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as an action that may raise `errors`.

        Its wire name is the function's in PascalCase; `body_limit` is in bytes. A `sensitive` one
        takes or shows keys or what may be told of people and companies: its body is always signed.
        An `account_wide` one is about no order, and so needs an allowance for all certificates in
        all projects; every other one has to ask the policies for each order (`own_order`).
        One that `ends` something is not refused because of a quota: an account whose log is full
        can still revoke its certificates. Every other one that writes may be.
        """

        def declare(handler: Handler) -> Handler:
            hints = typing.get_type_hints(handler)
            name = "".join(word.capitalize() for word in handler.__name__.split("_"))
            if name in self._actions:
                msg = f"{name} is declared twice"
                raise TypeError(msg)
            request = hints["request"]
            prepare(request)
            reply = typing.get_args(hints["return"])[1]
            self._actions[name] = Action(
                name=name,
                handler=handler,
                request=request,
                reply=reply,
                errors=errors,
                writes=writes,
                internal=internal,
                sensitive=sensitive,
                account_wide=account_wide,
                shows_secret=shows_a_secret(reply),
                ends=ends,
                body_limit=body_limit,
            )
            return handler

        return declare

    def find(self, name: str, *, internal: bool = False) -> Action | None:
        """Give the action of that exact name; internal ones only where they are asked for."""
        action = self._actions.get(name)
        return action if action is not None and action.internal == internal else None

    def __iter__(self) -> Iterator[Action]:
        """Go through the actions in name order."""
        return iter(sorted(self._actions.values(), key=lambda action: action.name))


catalog = Catalog()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An action to be carried out for a caller.

    `signature` is the request's, where it has one, seen by the clock of the machine, as clients
    sign by theirs: what it changes it changes once. `asked_at` is when it came. `holds` tells, in
    the transaction that commits, whether the caller is still what it was when it was looked up;
    None where nothing can change it.
    """

    action: Action
    caller: Caller
    request: Request
    request_id: str
    asked_at: datetime
    signature: SeenSignature | None = None
    holds: Holds | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The engine: everything that actions work on, and the one way to carry an action out."""

    store: Store
    vault: Vault
    keys: Keys
    parsers: Parsers
    pki: Pki
    dns_providers: DnsProviders
    clock: Clock
    rng: random.Random
    work: Work
    rules: Rules = dataclasses.field(default_factory=Rules)
    examiners: tuple[Examiner, ...] = ()

    def perform(
        self,
        action: Action,
        caller: Caller,
        request: Request,
        request_id: str,
        signature: SeenSignature | None = None,
        holds: Holds | None = None,
    ) -> Reply:
        """Prepare and commit an action for `caller`; see `Errand`.

        Raises:
            CallerChanged: `holds` said no.
            ServiceError: one that the action's declaration lists, or `InternalError` for one
                that it does not.
        """
        errand = Errand(
            action=action,
            caller=caller,
            request=request,
            request_id=request_id,
            asked_at=self.clock.now(),
            signature=signature,
            holds=holds,
        )
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(Stale):
                return self._once(errand)
        return self._once(errand)

    def _once(self, errand: Errand) -> Reply:
        while True:
            # No lost race: each time the processes know a key less in common.
            with contextlib.suppress(KeyUsedUp):
                return self._attempt(errand)

    def _attempt(self, errand: Errand) -> Reply:
        # What a failed attempt borrowed goes back, so the failure has to leave this context.
        with contextlib.ExitStack() as held:
            commit = self.prepare(errand, held)
            if isinstance(commit, Known):
                return cast("Reply", commit.answer)
            written = has_to_write(errand.action, commit)
            with declared(errand.action):
                return self.store.write(commit) if written else self.store.read(commit)

    def prepare(self, errand: Errand, held: contextlib.ExitStack) -> Commit[Reply]:
        """Run the first half of an action; give the second, which the store is to run.

        What the first half borrows is put into `held`, which is to be left after the second, with
        the exception if that raised one.

        Raises:
            ServiceError: as `perform`.
        """
        context = Context(
            action=errand.action.name,
            errors=errand.action.errors,
            caller=errand.caller,
            request_id=errand.request_id,
            now=self.clock.now(),
            asked_at=errand.asked_at,
            rng=self.rng,
            store=self.store,
            vault=self.vault,
            keys=self.keys,
            parsers=self.parsers,
            work=self.work,
            rules=self.rules,
            pki=self.pki,
            dns_providers=self.dns_providers,
            held=held,
            examiners=self.examiners,
        )
        with declared(errand.action), concealing(errand.request):
            commit: Commit[Reply] = errand.action.handler(context, errand.request)
        if isinstance(commit, Known) and errand.action.internal:
            return commit
        limits = _limits(errand, self.rules.quotas)
        within = _within(limits, commit) if limits else commit
        return _guarded(errand, _concealed(errand.request, within))


@contextlib.contextmanager
def declared(action: Action) -> Iterator[None]:
    """Let through what the action declares, and hide other refusals: they were not foreseen."""
    try:
        with _worded():
            yield
    except ServiceError as error:
        if isinstance(error, (*OF_EVERY_ACTION, *action.errors)):
            raise
        log.exception("undeclared refusal", action=action.name, code=error.code)
        raise InternalError from error


@contextlib.contextmanager
def _worded() -> Iterator[None]:
    """Word a quota that was met, and a page that fits into no answer."""
    try:
        yield
    except QuotaExceeded as exceeded:
        raise LimitExceeded(str(exceeded)) from None
    except PageTooLong:
        raise too_long() from None


def too_long() -> ResponseSizeLimitExceeded:
    """Word the refusal of an answer that is too long."""
    return ResponseSizeLimitExceeded(
        f"The answer would have more than {ANSWER_BYTES} bytes; ask for fewer at once (Limit)."
    )


def _limits(errand: Errand, quotas: Quotas) -> Mapping[str, int]:
    """Give the quotas that bind an errand.

    An account that has filled its log keeps nobody from acting on it: not the operator, and not
    the desk, which makes successors of its certificates.
    """
    if errand.action.ends or errand.caller.actor == BY_DESK:
        return {}
    return limits_of(quotas, but=frozenset() if errand.caller.uin else frozenset({AUDIT}))


def _within(limits: Mapping[str, int], commit: Commit[Answer]) -> Commit[Answer]:
    """Have a commit refused that adds more for an account than it may have."""

    def commit_within(unit: Unit) -> Answer:
        reply = commit(unit)
        unit.usage.settle(limits)
        return reply

    return Written(commit_within) if isinstance(commit, Written) else commit_within


def _guarded(errand: Errand, commit: Commit[Answer]) -> Commit[Answer]:
    """Let a commit ask again what was true when its request was let in."""
    signature, holds = errand.signature, errand.holds
    writes = has_to_write(errand.action, commit)
    guarded = commit
    if signature is not None and writes:
        guarded = _once_only(signature, guarded)
    # Reads that show no secret rest on what was looked up half a second ago at the most.
    if holds is not None and (writes or errand.action.shows_secret):
        guarded = _while_it_holds(holds, guarded)
    return Written(guarded) if isinstance(commit, Written) else guarded


def _while_it_holds(holds: Holds, commit: Commit[Answer]) -> Commit[Answer]:
    def commit_if_it_holds(unit: Unit) -> Answer:
        if not holds(unit):
            raise CallerChanged
        return commit(unit)

    return commit_if_it_holds


@contextlib.contextmanager
def concealing(request: Request) -> Iterator[None]:
    """Take out of refusals what no message may repeat, wherever in the request it was given."""
    try:
        yield
    except ServiceError as error:
        hidden = hidden_in(request, len(error.message))
        for value in sorted(hidden, key=len, reverse=True):
            error.conceal(value)
        raise


def _concealed(request: Request, commit: Commit[Answer]) -> Commit[Answer]:
    def commit_concealed(unit: Unit) -> Answer:
        with concealing(request):
            return commit(unit)

    return Written(commit_concealed) if isinstance(commit, Written) else commit_concealed


def _once_only(signature: SeenSignature, commit: Commit[Answer]) -> Commit[Answer]:
    """Keep a signature in the transaction of what it does, and refuse an old one."""

    def commit_once(unit: Unit) -> Answer:
        keep_signature(signature, unit)
        return commit(unit)

    return commit_once


def keep_signature(signature: SeenSignature, unit: Unit) -> None:
    """Keep the first use of a signature in the database.

    Raises:
        SignatureExpire: it was used before, too long ago for an honest client.
    """
    seen = unit.seen_signatures.get(signature.digest)
    if seen is None:
        unit.seen_signatures.add(signature)
    # A clock that was put back makes nothing young again.
    elif abs((signature.seen_at - seen.seen_at).total_seconds()) > HONEST_SECONDS:
        raise replayed()
