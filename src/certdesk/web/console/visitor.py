"""Who visits: the session behind the cookie, and the identity that actions are run with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from certdesk.domain.people.role import Role
from certdesk.domain.values.record import Record
from certdesk.engine import Caller, Desk
from certdesk.operator.people.random_values import digest_of
from certdesk.operator.people.sessions import lasts, session_of, touch
from certdesk.ports import Stale

if TYPE_CHECKING:
    from certdesk.engine import Holds

STRANGER = Caller(uin="", actor="console", verified=False, role=Role.NOBODY)


class Visitor(Record, kw_only=True, gc=True):
    """A visitor; a stranger has no name.

    A visitor is complete after all steps of signing in, and has proved who it is if it gave its
    password or passkey a moment ago. `holds` returns, in the transaction of an action, whether the
    session still lasts.
    """

    caller: Caller = STRANGER
    name: str = ""
    role: Role = Role.NOBODY
    is_complete: bool = False
    has_second_step: bool = False
    has_proved: bool = False
    holds: Holds | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a session."""
        return bool(self.name)


NOBODY = Visitor()


def visitor_of(desk: Desk, cookie: str, *, uses: bool = True) -> Visitor:
    """Return who has a cookie, and note that its session is in use if this `uses` it."""
    if not cookie:
        return NOBODY
    digest, now = digest_of(cookie), desk.clock.now()
    known = desk.store.read(lambda unit: session_of(unit, digest, now))
    if known is None:
        return NOBODY
    if uses and known.is_to_be_touched:
        # Another request has noted it, or ended the session.
        with contextlib.suppress(Stale):
            desk.store.write(lambda unit: touch(unit, digest, now))
    return Visitor(
        caller=known.caller,
        name=known.name,
        role=known.role,
        is_complete=known.is_complete,
        has_second_step=known.has_second_step,
        has_proved=known.is_proved,
        holds=lambda unit: lasts(unit, known.caller, desk.clock.now()),
    )
