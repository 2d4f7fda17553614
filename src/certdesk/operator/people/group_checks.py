"""Whether people who signed in with a provider are still in a group: asked for each within an hour.

`workflow/group_checks.py` runs the action when it is due.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

import structlog

from certdesk.catalog import Commit, catalog
from certdesk.domain.people.provider import Provider, role_for
from certdesk.domain.people.records import OidcIdentity, Person, Session
from certdesk.domain.people.role import Role
from certdesk.domain.people.sessions import LONGEST, is_over
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.people.identities import (
    CHECKED_AFTER,
    LASTS,
    place_of_identity,
    refresh_token,
)
from certdesk.operator.people.lookups import may_sign_in, subject_of
from certdesk.operator.people.sessions import end_sessions
from certdesk.ports import ProviderFailed, ProviderUnreachable, Stale, Unit, Vouched
from certdesk.wire.model import Integer, Parsed, Reply, Request

AGAIN_AFTER = timedelta(minutes=2)
"""How long after a check that came to nothing, or whose process was ended, the next one is due."""

log = structlog.get_logger()


class CheckGroupsRequest(Request):
    """An identity whose groups are due to be checked."""

    issuer: Parsed
    subject: Parsed
    person_id: Integer


class CheckGroupsReply(Reply):
    """What came of it."""

    outcome: str


@catalog.action(writes=True, internal=True, roles=(Role.DESK,))
def check_groups(context: Context, request: CheckGroupsRequest) -> Commit[CheckGroupsReply]:
    """Ask a provider whether a person is still in a group; if not, end the sessions."""
    key = (request.issuer, request.subject, request.person_id)
    claimed = _claimed(context, key)
    if claimed is None:
        return lambda _: CheckGroupsReply(outcome="not due")
    provider = context.desk.sign_in_providers.of_issuer(request.issuer)
    refresh = refresh_token(context.desk.vault, claimed)
    vouched: Vouched | None = None
    reason = "the desk no longer has such a provider"
    try:
        if provider is not None and refresh is not None:
            vouched = provider.vouch_again(refresh, request.subject)
    except ProviderUnreachable as failed:
        log.warning("groups were not checked", issuer=request.issuer, reason=str(failed))
        return lambda _: CheckGroupsReply(outcome="unreachable")
    except ProviderFailed as failed:
        reason = str(failed)

    def commit(unit: Unit) -> CheckGroupsReply:
        link = unit.oidc_identities.get(*key)
        person = unit.people.get(request.person_id)
        if link is None or person is None or link.check_at != claimed.check_at:
            return CheckGroupsReply(outcome="not due")
        if provider is None or vouched is None:
            return _lost(context, unit, link, person, reason)
        return _kept(context, unit, provider.provider, link, person, vouched)

    return commit


def _claimed(context: Context, key: tuple[str, str, int]) -> OidcIdentity | None:
    """Take a check on, so that no other process does; return its identity, None if none is due."""

    def claim(unit: Unit) -> OidcIdentity | None:
        link = unit.oidc_identities.get(*key)
        if link is None or link.check_at is None or link.check_at > context.now:
            return None
        return unit.oidc_identities.replace(replace(link, check_at=context.now + AGAIN_AFTER))

    with contextlib.suppress(Stale):
        return context.desk.store.write(claim)
    return None


def _kept(
    context: Context,
    unit: Unit,
    provider: Provider,
    link: OidcIdentity,
    person: Person,
    vouched: Vouched,
) -> CheckGroupsReply:
    """Let the sessions last, if the groups still allow the person's role."""
    current = Role(person.role)
    role = role_for(provider, vouched.identity.groups or (), current, by_group=link.by_group)
    if role != current or not may_sign_in(unit, person):
        # Another role takes effect with the next sign-in.
        return _lost(context, unit, link, person, "its groups no longer allow the role")
    own = unit.sessions.where(person_id=person.person_id, provider=provider.name)
    sessions = [each for each in own if not is_over(each, context.now)]
    for session in sessions:
        unit.sessions.replace(replace(session, ends_at=_end(context, session)))
    kept = replace(link, check_at=context.now + CHECKED_AFTER)
    if vouched.refresh is not None:
        sealed = context.desk.vault.seal(vouched.refresh, place_of_identity(link))
        kept = replace(kept, sealed_refresh_token=sealed)
    unit.oidc_identities.replace(kept if sessions else _without_token(link))
    return CheckGroupsReply(outcome="kept" if sessions else "nobody is signed in")


def _end(context: Context, session: Session) -> datetime:
    return min(session.created_at + LONGEST, context.now + LASTS)


def _lost(
    context: Context, unit: Unit, link: OidcIdentity, person: Person, reason: str
) -> CheckGroupsReply:
    ended = end_sessions(unit, person.person_id)
    unit.oidc_identities.replace(_without_token(link))
    log.info("groups are lost", person=person.person_id, issuer=link.issuer, reason=reason)
    if ended:
        context.record(unit, subject_of(person), f"{ended} sessions ended: {reason}")
    return CheckGroupsReply(outcome="lost")


def _without_token(link: OidcIdentity) -> OidcIdentity:
    return replace(link, sealed_refresh_token=None, check_at=None)
