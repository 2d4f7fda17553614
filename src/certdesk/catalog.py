"""An action is declared once: one function with its request and reply types.

Decoder, permission, reference page, command and conformance tests derive from the declaration.
A handler has two halves: its body **prepares** (parses, checks, makes keys; may take its time),
and the closure that it returns **commits** in one transaction (reads, decides, writes, audits).
`engine.py` runs both.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from certdesk.domain.accounts.policy import Grants
from certdesk.domain.errors import NOT_THERE, InvalidParam, InvalidParameter, ServiceError
from certdesk.ports import Unit
from certdesk.wire.decode import decode, prepare
from certdesk.wire.model import Reply, Request, shows_a_secret

Answer = TypeVar("Answer", bound=Reply)
Commit = Callable[[Unit], Answer]
Handler = TypeVar("Handler", bound=Callable[..., Commit[Any]])

KIB = 1024


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
        """Begin empty; modules of `actions/` and `operator/` fill it when they are imported."""
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

        Where several actions call what refuses, its errors are a group that stands beside it, such
        as `OWN_ORDER` of `actions/access.py`. An `internal` action may also tell that something is
        `NOT_THERE`.

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
                errors=tuple(dict.fromkeys((*errors, *NOT_THERE) if internal else errors)),
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
