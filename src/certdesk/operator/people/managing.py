"""What the operator sees of people who sign in to the console, and does about them."""

from __future__ import annotations

import re
from datetime import datetime

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.account import AccessKey
from certdesk.domain.accounts.audit_search import AuditSearch
from certdesk.domain.errors import InvalidParam, ProofNeeded
from certdesk.domain.people.records import Person, PersonLink
from certdesk.domain.people.role import AUDITORS
from certdesk.domain.people.sessions import is_over
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.deciders import UID, USER
from certdesk.engine import Context
from certdesk.operator.lookups import known_account, known_user
from certdesk.operator.people.links import linked_to
from certdesk.operator.people.lookups import (
    is_ended,
    known_person,
    login_of_person,
    subject_of,
)
from certdesk.operator.people.proved import check_proved
from certdesk.operator.people.second_steps import remove_second_step
from certdesk.operator.people.sessions import end_invitations, end_sessions
from certdesk.ports import Unit
from certdesk.wire.model import Blank, Part, Reply, utc_time
from certdesk.wire.operator import people as asked

LATEST = 50
"""Entries of the audit log that are looked at for the last sign-in."""

SIGNING_IN = (
    "AcceptInvitation",
    "GiveSecondStep",
    "SignIn",
    "SignInWithPasskey",
    "SignInWithProvider",
)
_OTHER = re.compile(r"(uid|user):([0-9]{1,10})")


class PersonInfo(Part):
    """A person who signs in, and what with; `Invited` is the end of an open invitation.

    `Linked` are the other logins of the same human being. Nobody gets in again with a login that
    has `Ended`. `AccessKeys` are the keys of a user that are enabled.
    """

    person_id: int
    login: str
    role: str
    uin: Blank
    enabled: bool
    password: bool
    authenticator: bool
    recovery_codes: int
    passkeys: int
    providers: list[str]
    sessions: int
    last_used: str | None
    invited: str | None
    linked: list[str]
    ended: bool
    access_keys: list[str]
    last_sign_in: str | None
    create_time: str | None


class ListPeopleReply(Reply):
    """The people of the staff, or those of an account."""

    people: list[PersonInfo]


@catalog.action(internal=True, roles=AUDITORS)
def list_people(context: Context, request: asked.ListPeopleRequest) -> Commit[ListPeopleReply]:
    """List the people of the staff, or those of an account."""

    def read(unit: Unit) -> ListPeopleReply:
        if request.uin is not None:
            known_account(unit, request.uin)
        found = unit.people.where(uin=request.uin or "")
        return ListPeopleReply(people=[_info(context, unit, each) for each in found])

    return read


class ShowPersonReply(Reply):
    """One person."""

    person: PersonInfo


@catalog.action(internal=True, roles=AUDITORS)
def show_person(context: Context, request: asked.ShowPersonRequest) -> Commit[ShowPersonReply]:
    """Show one person."""

    def read(unit: Unit) -> ShowPersonReply:
        return ShowPersonReply(person=_info(context, unit, known_person(unit, request.login)))

    return read


class EndPersonReply(Reply):
    """What has ended."""

    person_id: int
    login: str
    sessions: int
    passkeys: int
    providers: int
    secret_ids: list[str]


@catalog.action(ProofNeeded, writes=True, internal=True, ends=True)
def end_person(context: Context, request: asked.EndPersonRequest) -> Commit[EndPersonReply]:
    """End everything with which a person gets in: for somebody who leaves."""

    def commit(unit: Unit) -> EndPersonReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        number = person.person_id
        passkeys = unit.passkeys.count(person_id=number)
        remove_second_step(unit, number)
        unit.passwords.remove(number)
        end_invitations(unit, number)
        unit.people.replace(_ended(person))
        reply = EndPersonReply(
            person_id=number,
            login=login_of_person(person),
            sessions=end_sessions(unit, number),
            passkeys=passkeys,
            providers=_stop_identities(unit, number),
            secret_ids=_disable_keys(unit, person),
        )
        detail = f"{reply.sessions} sessions, {len(reply.secret_ids)} keys"
        context.record(unit, subject_of(person), detail, uin=person.uin)
        return reply

    return commit


class ResetSecondStepReply(Reply):
    """Who has no second step any more, and how many sessions have ended."""

    person_id: int
    login: str
    sessions: int


@catalog.action(ProofNeeded, writes=True, internal=True, ends=True)
def reset_second_step(
    context: Context, request: asked.ResetSecondStepRequest
) -> Commit[ResetSecondStepReply]:
    """Remove a second step that its person has lost."""

    def commit(unit: Unit) -> ResetSecondStepReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        remove_second_step(unit, person.person_id)
        ended = end_sessions(unit, person.person_id)
        context.record(unit, subject_of(person), f"{ended} sessions", uin=person.uin)
        return ResetSecondStepReply(
            person_id=person.person_id, login=login_of_person(person), sessions=ended
        )

    return commit


class LinksReply(Reply):
    """A person, and all other logins of the same human being now."""

    person_id: int
    login: str
    linked: list[str]


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True)
def link_person(context: Context, request: asked.LinkPersonRequest) -> Commit[LinksReply]:
    """Link a person to another login of the same human being."""

    def commit(unit: Unit) -> LinksReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        other = _other(unit, request.other)
        if other == subject_of(person):
            raise InvalidParam("Other: is the same login.")
        if unit.person_links.get(person.person_id, other) is None:
            link = PersonLink(person_id=person.person_id, login=other, created_at=context.now)
            unit.person_links.add(link)
        context.record(unit, subject_of(person), other, uin=person.uin)
        return _links_reply(unit, person)

    return commit


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True)
def unlink_person(context: Context, request: asked.UnlinkPersonRequest) -> Commit[LinksReply]:
    """Remove the link between a person and another login."""

    def commit(unit: Unit) -> LinksReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        other = _other(unit, request.other)
        removed = [
            unit.person_links.remove(link.person_id, link.login)
            for link in _links_between(unit, person, other)
        ]
        if not removed:
            raise InvalidParam("Other: is not linked to the login directly.")
        context.record(unit, subject_of(person), other, uin=person.uin)
        return _links_reply(unit, person)

    return commit


def _ended(person: Person) -> Person:
    """Return a login that was ended: nobody is found by its name, so another person may get it."""
    freed = person.folded if is_ended(person) else f"{person.folded}\n{person.person_id}"
    return replace(person, enabled=False, folded=freed)


def _links_between(unit: Unit, person: Person, other: str) -> list[PersonLink]:
    """Return the links between two logins, in either order."""
    own = [unit.person_links.get(person.person_id, other)]
    kind, _, number = other.partition(":")
    if kind not in (UID, USER):
        own.append(unit.person_links.get(int(number), subject_of(person)))
    return [link for link in own if link is not None]


def _other(unit: Unit, typed: str) -> str:
    """Return the login that somebody typed, in the form of a link.

    Raises:
        PersonNotFound: nobody signs in with it.
        UserNotFound: no account has the user.
    """
    found = _OTHER.fullmatch(typed)
    if found is None:
        return subject_of(known_person(unit, typed))
    kind, number = found[1], int(found[2])
    if kind == USER:
        known_user(unit, number)
    return f"{kind}:{number}"


def _links_reply(unit: Unit, person: Person) -> LinksReply:
    return LinksReply(
        person_id=person.person_id, login=login_of_person(person), linked=_linked(unit, person)
    )


def _linked(unit: Unit, person: Person) -> list[str]:
    others = linked_to(unit, person.person_id) - {subject_of(person)}
    return sorted(_typed(unit, login) for login in others)


def _typed(unit: Unit, login: str) -> str:
    """Return a login of the console as its person types it, and any other as it is."""
    kind, _, number = login.partition(":")
    person = None if kind in (UID, USER) else unit.people.get(int(number))
    return login if person is None else login_of_person(person)


def _stop_identities(unit: Unit, person_id: int) -> int:
    """Let a person's identities at providers open nothing; return how many there are.

    They stay: otherwise the next sign-in by a group would make the person anew.
    """
    own = unit.oidc_identities.where(person_id=person_id)
    for identity in own:
        unit.oidc_identities.replace(replace(identity, sealed_refresh_token=None, check_at=None))
    return len(own)


def _keys(unit: Unit, person: Person) -> list[AccessKey]:
    """Return the access keys of a user that are enabled."""
    if person.user_id is None:
        return []
    return unit.access_keys.where(uin=person.uin, user_id=person.user_id, enabled=True)


def _last_sign_in(unit: Unit, person: Person) -> datetime | None:
    """Return when a person last signed in, as far as the latest entries about it tell."""
    its = AuditSearch(subject=subject_of(person), limit=LATEST, reach=LATEST)
    entries = unit.audit.search(its).entries
    return next((entry.at for entry in entries if entry.action in SIGNING_IN), None)


def _disable_keys(unit: Unit, person: Person) -> list[str]:
    """Disable the access keys of a user; return them."""
    keys = _keys(unit, person)
    for key in keys:
        unit.access_keys.replace(replace(key, enabled=False))
    return [key.secret_id for key in keys]


def _info(context: Context, unit: Unit, person: Person) -> PersonInfo:
    number = person.person_id
    sessions = [
        each for each in unit.sessions.where(person_id=number) if not is_over(each, context.now)
    ]
    identities = unit.oidc_identities.where(person_id=number)
    invitations = unit.invitations.where(person_id=number)
    open_until = [each.expires_at for each in invitations if each.expires_at > context.now]
    return PersonInfo(
        person_id=number,
        login=login_of_person(person),
        role=person.role,
        uin=person.uin,
        enabled=person.enabled,
        password=unit.passwords.get(number) is not None,
        authenticator=unit.authenticators.get(number, True) is not None,
        recovery_codes=unit.recovery_codes.count(person_id=number),
        passkeys=unit.passkeys.count(person_id=number),
        providers=sorted(each.issuer for each in identities),
        sessions=len(sessions),
        last_used=utc_time(max((each.seen_at for each in sessions), default=None)),
        invited=utc_time(max(open_until, default=None)),
        linked=_linked(unit, person),
        ended=is_ended(person),
        access_keys=[key.secret_id for key in _keys(unit, person)],
        last_sign_in=utc_time(_last_sign_in(unit, person)),
        create_time=utc_time(person.created_at),
    )
