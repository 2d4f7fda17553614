"""Disabling a login for a while, and enabling it again."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ProofNeeded
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.people.lookups import (
    is_ended,
    known_person,
    login_of_person,
    subject_of,
)
from certdesk.operator.people.proved import check_proved
from certdesk.operator.people.sessions import end_sessions
from certdesk.ports import Unit
from certdesk.wire.model import Reply
from certdesk.wire.operator import people as asked


class SwitchPersonReply(Reply):
    """The state of the login now, and how many sessions have ended."""

    person_id: int
    login: str
    enabled: bool
    sessions: int


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True, ends=True)
def switch_person(
    context: Context, request: asked.SwitchPersonRequest
) -> Commit[SwitchPersonReply]:
    """Enable or disable a login; what it signs in with stays."""

    def commit(unit: Unit) -> SwitchPersonReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        if is_ended(person):
            raise InvalidParam("Login: was ended. Invite the person again.")
        unit.people.replace(replace(person, enabled=request.enabled))
        ended = 0 if request.enabled else end_sessions(unit, person.person_id)
        detail = f"enabled {request.enabled}"
        context.record(unit, subject_of(person), detail, uin=person.uin)
        return SwitchPersonReply(
            person_id=person.person_id,
            login=login_of_person(person),
            enabled=request.enabled,
            sessions=ended,
        )

    return commit
