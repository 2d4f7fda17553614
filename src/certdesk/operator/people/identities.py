"""The logins behind identities at providers of OpenID Connect.

An identity is an issuer and its subject, never an address of e-mail or a name. It may belong to
several logins of one human being.
"""

from __future__ import annotations

import itertools
from datetime import timedelta

from certdesk.domain.errors import SignInRefused
from certdesk.domain.people.id_token import Identity
from certdesk.domain.people.names import folded, staff_name_fault
from certdesk.domain.people.provider import Provider, role_for
from certdesk.domain.people.records import OidcIdentity, Person
from certdesk.domain.people.role import STAFF, Role
from certdesk.domain.people.sessions import LONGEST
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.operator.people.inviting import holder
from certdesk.operator.people.linking_identities import put_identity
from certdesk.operator.people.lookups import may_sign_in, own_person, subject_of
from certdesk.operator.people.second_steps import has_second_step
from certdesk.operator.people.sessions import end_sessions
from certdesk.ports import DESK, Place, Stale, Taken, Unit, Vault, Vouched

LASTS = timedelta(hours=1)
"""How long a session lasts after the provider has vouched for the person."""

CHECKED_AFTER = timedelta(minutes=50)
"""How long after it the provider is asked again, which leaves ten minutes for it to answer."""

NO_GROUP = "You are in no group that may use this desk. Ask its operator."
OWN_SECOND_STEP = (
    "This login has a second step of its own. Choose a password with the link instead, or ask the "
    "operator to reset the second step."
)
_ENDED = "Your login at this desk has ended. Ask its operator."


def own_login(context: Context, unit: Unit, provider: Provider, identity: Identity) -> Person:
    """Return the person who is signed in, for whom the provider vouches again.

    Raises:
        SignInRefused: it vouches for somebody else.
    """
    person = own_person(context, unit)
    link = unit.oidc_identities.get(identity.issuer, identity.subject, person.person_id)
    if link is None:
        raise SignInRefused(f"{provider.shown} knows you under another login than this one.")
    return _admitted(context, unit, provider, identity, link, person)


def known_login(
    context: Context, unit: Unit, provider: Provider, identity: Identity, wanted: int | None
) -> Person:
    """Return the login of an identity; of several, the one that is wanted, or one of the staff.

    One that is not known becomes a person of the staff if a group says so.

    Raises:
        SignInRefused: no group of the identity allows any login.
    """
    links = unit.oidc_identities.where(issuer=identity.issuer, subject=identity.subject)
    if not links:
        return _new_staff(context, unit, provider, identity)
    if wanted is not None:
        links = [each for each in links if each.person_id == wanted]
    found = [(link, unit.people.get(link.person_id)) for link in links]
    refusals = []
    for link, person in sorted(
        found, key=lambda each: each[1] is None or each[1].role not in STAFF
    ):
        try:
            return _admitted(context, unit, provider, identity, link, person)
        except SignInRefused as refused:
            refusals.append(refused)
    raise refusals[0] if refusals else SignInRefused(_ENDED)


def accepted_invitation(
    context: Context, unit: Unit, provider: Provider, identity: Identity, digest: bytes
) -> Person:
    """Return the person who was invited, and signs in with this identity from now on.

    Raises:
        SignInRefused: the invitation does not count, no group allows the person's role, or the
            login has a second step: a provider would stand in for it from now on.
    """
    person = holder(context, unit, digest)
    if has_second_step(unit, person):
        raise SignInRefused(OWN_SECOND_STEP)
    link = OidcIdentity(
        issuer=identity.issuer,
        subject=identity.subject,
        person_id=person.person_id,
        created_at=context.now,
    )
    admitted = _admitted(context, unit, provider, identity, link, person)
    unit.invitations.remove(digest)
    end_sessions(unit, person.person_id)
    put_identity(unit, link)
    context.record(unit, subject_of(person), f"identity at {provider.name} linked", uin=person.uin)
    return admitted


def note_vouched(
    context: Context, unit: Unit, person: Person, vouched: Vouched, session: bytes
) -> None:
    """Let a session last for an hour, and longer if the provider can be asked again.

    A provider may let people in whom it has known for hours. So the session has the time of the
    proof that the provider names; without one, it has none.
    """
    began = unit.sessions.get(session)
    link = unit.oidc_identities.get(
        vouched.identity.issuer, vouched.identity.subject, person.person_id
    )
    if began is None or link is None:
        return
    age = LONGEST if vouched.identity.age is None else vouched.identity.age
    ends_at = min(began.created_at + LONGEST, context.now + LASTS)
    unit.sessions.replace(replace(began, ends_at=ends_at, proved_at=context.now - age))
    if vouched.refresh is not None:
        sealed = context.desk.vault.seal(vouched.refresh, place_of_identity(link))
        check_at = context.now + CHECKED_AFTER
        unit.oidc_identities.replace(replace(link, sealed_refresh_token=sealed, check_at=check_at))


def refresh_token(vault: Vault, link: OidcIdentity) -> Secret | None:
    """Open the token that asks for the groups again, if there is one."""
    sealed = link.sealed_refresh_token
    return None if sealed is None else vault.open(sealed, place_of_identity(link))


def place_of_identity(link: OidcIdentity) -> Place:
    """Return the place of the refresh token of an identity."""
    row = f"{link.person_id} {link.subject} {link.issuer}"
    return Place(DESK, "oidc_identities", row, "sealed_refresh_token")


def _admitted(
    context: Context,
    unit: Unit,
    provider: Provider,
    identity: Identity,
    link: OidcIdentity,
    person: Person | None,
) -> Person:
    """Return the person in the role that the groups allow.

    Raises:
        SignInRefused: they allow none, or the login has ended.
    """
    if person is None or not may_sign_in(unit, person):
        raise SignInRefused(_ENDED)
    current = Role(person.role)
    role = role_for(provider, identity.groups or (), current, by_group=link.by_group)
    if role is None:
        raise SignInRefused(NO_GROUP)
    if role == current:
        return person
    end_sessions(unit, person.person_id)
    context.record(unit, subject_of(person), f"role {role} by groups, before {current}")
    return unit.people.replace(replace(person, role=role))


def _new_staff(context: Context, unit: Unit, provider: Provider, identity: Identity) -> Person:
    role = role_for(provider, identity.groups or (), None, by_group=True)
    if role is None:
        raise SignInRefused(NO_GROUP)
    name = _free_name(unit, identity)
    try:
        person = unit.people.add(
            Person(role=role, name=name, folded=folded(name), created_at=context.now)
        )
    except Taken:
        # Somebody else has just got the name.
        raise Stale from None
    unit.oidc_identities.add(
        OidcIdentity(
            issuer=identity.issuer,
            subject=identity.subject,
            person_id=person.person_id,
            by_group=True,
            created_at=context.now,
        )
    )
    context.record(unit, subject_of(person), f"{role} by a group at {provider.name}")
    return person


def _free_name(unit: Unit, identity: Identity) -> str:
    """Return a name for a new person of the staff, after the one that the provider shows."""
    shown = identity.name.partition("@")[0].strip() or identity.subject[:32]
    base = shown if not staff_name_fault(shown) else "person"
    names = itertools.chain([base], (f"{base}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not unit.people.where(uin="", folded=folded(name)))
