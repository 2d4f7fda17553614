"""An action is declared once: one function with its request and reply types.

Decoder, permission, reference page, command and conformance tests derive from the declaration.
A handler has two halves: its body **prepares** (parses, checks, makes keys; may take its time),
and the closure that it returns **commits** in one transaction (reads, decides, writes, audits).
`engine.py` runs both.

>>> class GreetRequest(Request):
...     name: str
>>> class GreetReply(Reply):
...     greeting: str
>>> actions = Catalog()
>>> @actions.action()
... def greet_caller(context: object, request: GreetRequest) -> Commit[GreetReply]:
...     "Greet a caller by name."
...     greeting = f"Hello {request.name}"  # the first half: no database
...     return lambda unit: GreetReply(greeting=greeting)  # the second half: a transaction

The wire name, the parameters and the name in policies follow from the function:

>>> action = actions.find("GreetCaller")
>>> action.summary, action.permission, action.once
('Greet a caller by name.', 'ssl:GreetCaller', False)
>>> request = action.decode({"Name": "Ada"})
>>> commit = action.handler(None, request)
>>> commit(None).greeting
'Hello Ada'
>>> action.decode({})
Traceback (most recent call last):
    ...
certdesk.domain.errors.MissingParameter: The request is missing a required parameter `Name`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from certdesk.domain.accounts.policy import Grants
from certdesk.domain.errors import NOT_THERE, InvalidParam, InvalidParameter, ServiceError
from certdesk.domain.people.role import ACCOUNTS, OPERATORS, Role
from certdesk.domain.values.record import Record
from certdesk.ports import Unit
from certdesk.wire.decode import decode, prepare
from certdesk.wire.model import Reply, Request, shows_a_secret

Answer = TypeVar("Answer", bound=Reply)
Commit = Callable[[Unit], Answer]
Handler = TypeVar("Handler", bound=Callable[..., Commit[Any]])

KIB = 1024


class Action(Record, kw_only=True, gc=True):
    """One declared action of the API (or, if `internal`, of the operator)."""

    name: str
    handler: Callable[..., Commit[Any]]
    request: type[Request]
    reply: type[Reply]
    errors: tuple[type[ServiceError], ...]
    writes: bool
    internal: bool
    roles: tuple[Role, ...]
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
        """The name of the action in policies."""
        return permission_of(self.name)

    def decode(self, parameters: Mapping[str, object]) -> Request:
        """Read the parameters of a request; raises what `wire.decode.decode` does.

        What is too long, or cannot be seen, has the code that the action has for values that break
        its rules.
        """
        unfit = InvalidParam if InvalidParam in self.errors else InvalidParameter
        return decode(parameters, self.request, unfit=unfit)

    def permitted(self, grants: Grants) -> bool:
        """Whether a policy allows the action at all; its handler checks each order."""
        ask = grants.permits_for_all if self.account_wide else grants.permits
        return ask(self.permission)

    @property
    def once(self) -> bool:
        """Whether a signature is good once only: it changes something or shows a secret."""
        return self.writes or self.shows_secret


def permission_of(action: str) -> str:
    """Return the name of an action in policies: `ssl:CertificateInfoSubmit`."""
    return f"ssl:{action}"


class Catalog:
    """All declared actions, by wire name."""

    def __init__(self) -> None:
        """Start empty; modules of `actions/` and `operator/` fill it when they are imported."""
        self._actions: dict[str, Action] = {}

    def action(
        self,
        *errors: type[ServiceError],
        writes: bool = False,
        internal: bool = False,
        roles: tuple[Role, ...] | None = None,
        sensitive: bool = False,
        account_wide: bool = False,
        ends: bool = False,
        body_limit: int = 256 * KIB,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as an action that may raise `errors`.

        Errors of a check that several actions share form a group, declared beside the check, such
        as `OWN_ORDER` in `actions/access.py`. An `internal` action may also raise `NOT_THERE`.

        An action is for the callers with one of its `roles`: unless others are named, accounts may
        call it, or only the operator if it is internal.

        The wire name is the function's name in PascalCase; `body_limit` is in bytes. A `sensitive`
        action takes or shows keys or personal data: its body is always signed. An `account_wide`
        action is not about an order, and so needs a policy that allows it for all certificates in
        all projects; every other action checks the policies for each order (`own_order`). An action
        that `ends` something is never refused because of a quota: an account whose log is full can
        still revoke its certificates.
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
                roles=roles or (OPERATORS if internal else ACCOUNTS),
                sensitive=sensitive,
                account_wide=account_wide,
                shows_secret=shows_a_secret(reply),
                ends=ends,
                body_limit=body_limit,
            )
            return handler

        return declare

    def find(self, name: str, *, internal: bool = False) -> Action | None:
        """Return the action of that exact name; `internal` selects the operator's actions."""
        action = self._actions.get(name)
        return action if action is not None and action.internal == internal else None

    def __iter__(self) -> Iterator[Action]:
        """Iterate over the actions in name order."""
        return iter(sorted(self._actions.values(), key=lambda action: action.name))


catalog = Catalog()
