"""A person's passkeys: making, listing and removing them."""

from __future__ import annotations

import json

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, PasskeyNotFound, SignInRefused
from certdesk.domain.people.records import Passkey, Person, Purpose
from certdesk.domain.people.role import EVERYBODY_SIGNED_IN, STAFF
from certdesk.engine import Context
from certdesk.operator.lookups import check_name
from certdesk.operator.people import webauthn
from certdesk.operator.people.asking import (
    Answer,
    AskPasskeyRequest,
    OptionsReply,
    asked_challenge,
    new_challenge,
)
from certdesk.operator.people.lookups import own_person, subject_of
from certdesk.operator.people.own_login import SECOND_STEP, allowed_person, renewed
from certdesk.operator.people.second_steps import has_second_step
from certdesk.operator.people.signing_in import ANYBODY, CompleteReply
from certdesk.operator.people.webauthn import PasskeyRefused, Site
from certdesk.ports import Unit
from certdesk.wire.model import HiddenParsed, Parsed, Part, Reply, Request, utc_time

MOST_PASSKEYS = 10
"""Of one person."""


@catalog.action(*SECOND_STEP, writes=True, internal=True, roles=ANYBODY)
def begin_passkey(context: Context, request: AskPasskeyRequest) -> Commit[OptionsReply]:
    """Say what a browser is to be asked, so that it makes a passkey."""

    def commit(unit: Unit) -> OptionsReply:
        person = _may_add(context, unit)
        challenge = new_challenge(context, unit, request, Purpose.NEW_PASSKEY)
        ids = [each.credential_id for each in unit.passkeys.where(person_id=person.person_id)]
        options = webauthn.creation_options(
            Site(request.origin), challenge, person.person_id, context.caller.name, ids
        )
        return OptionsReply(options=json.dumps(options))

    return commit


class AddPasskeyRequest(Request):
    """The browser's answer, and what the person calls the passkey."""

    origin: Parsed
    visitor: HiddenParsed
    answer: Answer
    name: str


@catalog.action(*SECOND_STEP, writes=True, internal=True, roles=ANYBODY)
def add_passkey(context: Context, request: AddPasskeyRequest) -> Commit[CompleteReply]:
    """Add a passkey that a browser has made; all sessions of the person end but a new one."""
    check_name(request.name)
    try:
        challenge = asked_challenge(context, request.answer, request.visitor, Purpose.NEW_PASSKEY)
        made = webauthn.made_passkey(Site(request.origin), challenge, request.answer)
    except PasskeyRefused as refused:
        raise InvalidParam(f"The passkey was not added: {refused}.") from None

    def commit(unit: Unit) -> CompleteReply:
        person = _may_add(context, unit)
        if unit.passkeys.get(made.credential_id) is not None:
            raise InvalidParam("The desk already has this passkey.")
        unit.passkeys.add(
            Passkey(
                credential_id=made.credential_id,
                person_id=person.person_id,
                name=request.name.strip(),
                public_key=made.public_key,
                sign_count=made.sign_count,
                created_at=context.now,
            )
        )
        context.record(unit, subject_of(person), "passkey added", uin=person.uin)
        return CompleteReply(session=renewed(context, unit, person, is_proof=False))

    return commit


class PasskeyInfo(Part):
    """A passkey as its person sees it."""

    credential_id: str
    name: str
    created: str | None
    used: str | None


class ListPasskeysRequest(Request):
    """Nothing: the passkeys are the caller's own."""


class ListPasskeysReply(Reply):
    """The passkeys of the person, the oldest first."""

    passkeys: list[PasskeyInfo]


@catalog.action(SignInRefused, internal=True, roles=EVERYBODY_SIGNED_IN)
def list_passkeys(context: Context, request: ListPasskeysRequest) -> Commit[ListPasskeysReply]:
    """List the passkeys of the person who is signed in."""

    def read(unit: Unit) -> ListPasskeysReply:
        found = unit.passkeys.where(person_id=own_person(context, unit).person_id)
        found.sort(key=lambda each: each.created_at)
        return ListPasskeysReply(passkeys=[_info(each) for each in found])

    return read


class RemovePasskeyRequest(Request):
    """A passkey of the person, by its id in hexadecimal."""

    credential_id: Parsed


@catalog.action(
    *SECOND_STEP, PasskeyNotFound, writes=True, internal=True, roles=EVERYBODY_SIGNED_IN
)
def remove_passkey(context: Context, request: RemovePasskeyRequest) -> Commit[CompleteReply]:
    """Remove a passkey of the person; all sessions of the person end but a new one."""

    def commit(unit: Unit) -> CompleteReply:
        person = allowed_person(context, unit)
        passkey = unit.passkeys.get(_id_in(request.credential_id))
        if passkey is None or passkey.person_id != person.person_id:
            raise PasskeyNotFound
        unit.passkeys.remove(passkey.credential_id)
        if person.role in STAFF and not has_second_step(unit, person):
            raise InvalidParam("This is your only second step. Add another one first.")
        context.record(unit, subject_of(person), "passkey removed", uin=person.uin)
        return CompleteReply(session=renewed(context, unit, person, is_proof=False))

    return commit


def _may_add(context: Context, unit: Unit) -> Person:
    """Return the person, if a passkey may be added in this session.

    Raises:
        SignInRefused: a second step that there is has not been made.
        ProofNeeded: the last proof of who the person is was too long ago.
        InvalidParam: the person has too many, or may have none: the login is of a group.
    """
    person = allowed_person(context, unit)
    if unit.passkeys.count(person_id=person.person_id) >= MOST_PASSKEYS:
        raise InvalidParam(f"You have {MOST_PASSKEYS} passkeys. Remove one first.")
    return person


def _info(passkey: Passkey) -> PasskeyInfo:
    return PasskeyInfo(
        credential_id=passkey.credential_id.hex(),
        name=passkey.name,
        created=utc_time(passkey.created_at),
        used=utc_time(passkey.used_at),
    )


def _id_in(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise PasskeyNotFound from None
