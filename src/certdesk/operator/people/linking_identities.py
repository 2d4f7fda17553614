"""Identities at providers of OpenID Connect, as the operator links them to logins."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ProofNeeded
from certdesk.domain.people.id_token import ClaimRefused
from certdesk.domain.people.id_token import subject_of as subject_in
from certdesk.domain.people.provider import Provider
from certdesk.domain.people.records import OidcIdentity, Person
from certdesk.domain.values.redaction import redacted_bare
from certdesk.engine import Context
from certdesk.operator.people.lookups import (
    known_person,
    login_of_person,
    may_sign_in,
    subject_of,
)
from certdesk.operator.people.proved import check_proved
from certdesk.operator.people.sessions import end_sessions
from certdesk.ports import Unit
from certdesk.wire.model import Reply
from certdesk.wire.operator import people as asked


class IdentityReply(Reply):
    """A person, and the identity by which the person signs in, or no longer does."""

    person_id: int
    login: str
    issuer: str
    subject: str


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True)
def link_identity(context: Context, request: asked.LinkIdentityRequest) -> Commit[IdentityReply]:
    """Let a person sign in with an identity at a provider, in the place of an earlier one there."""
    provider = _known(context, request.provider)
    try:
        subject = subject_in({"sub": request.subject})
    except ClaimRefused as refused:
        raise InvalidParam(f"Subject: {refused}.") from None

    def commit(unit: Unit) -> IdentityReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        if not may_sign_in(unit, person):
            raise InvalidParam("Login: has ended.")
        link = OidcIdentity(
            issuer=provider.issuer,
            subject=subject,
            person_id=person.person_id,
            created_at=context.now,
        )
        put_identity(unit, link)
        end_sessions(unit, person.person_id)
        context.record(unit, subject_of(person), provider.name, uin=person.uin)
        return _reply(person, link.issuer, link.subject)

    return commit


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True, ends=True)
def unlink_identity(
    context: Context, request: asked.UnlinkIdentityRequest
) -> Commit[IdentityReply]:
    """Let a person no longer sign in with an identity at a provider."""
    provider = _known(context, request.provider)

    def commit(unit: Unit) -> IdentityReply:
        check_proved(context, unit)
        person = known_person(unit, request.login)
        found = unit.oidc_identities.where(person_id=person.person_id, issuer=provider.issuer)
        if not found:
            raise InvalidParam("Provider: the login has no identity there.")
        (link,) = found
        if link.by_group:
            raise InvalidParam(
                "Provider: a group made the login, and would make it again. End it instead."
            )
        unit.oidc_identities.remove(link.issuer, link.subject, link.person_id)
        end_sessions(unit, person.person_id)
        context.record(unit, subject_of(person), provider.name, uin=person.uin)
        return _reply(person, link.issuer, link.subject)

    return commit


def put_identity(unit: Unit, link: OidcIdentity) -> None:
    """Store an identity in the place of one that the person has at the same provider."""
    for earlier in unit.oidc_identities.where(person_id=link.person_id, issuer=link.issuer):
        unit.oidc_identities.remove(earlier.issuer, earlier.subject, earlier.person_id)
    unit.oidc_identities.add(link)


def _known(context: Context, name: str) -> Provider:
    provider = context.desk.sign_in_providers.find(name)
    if provider is None:
        raise InvalidParam(f"Provider: the settings have no {redacted_bare(name)}.")
    return provider.provider


def _reply(person: Person, issuer: str, subject: str) -> IdentityReply:
    return IdentityReply(
        person_id=person.person_id, login=login_of_person(person), issuer=issuer, subject=subject
    )
