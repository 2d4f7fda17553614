"""Signing in with a passkey, and proving again who one is with one."""

from __future__ import annotations

import json

import structlog

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import SignInRefused
from certdesk.domain.people.records import Passkey, Purpose
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.people import webauthn
from certdesk.operator.people.asking import (
    Answer,
    AskPasskeyRequest,
    OptionsReply,
    asked_challenge,
    new_challenge,
)
from certdesk.operator.people.lookups import may_sign_in, own_person, own_session, subject_of
from certdesk.operator.people.sessions import begin_session, replace_session
from certdesk.operator.people.signing_in import (
    ANYBODY,
    STRANGERS,
    CompleteReply,
    note_sign_in,
)
from certdesk.operator.people.webauthn import MadePasskey, PasskeyRefused, Site
from certdesk.ports import Unit
from certdesk.wire.model import HiddenParsed, Parsed, Request

REFUSED = "The passkey was not accepted."
log = structlog.get_logger()


@catalog.action(writes=True, internal=True, roles=STRANGERS)
def begin_passkey_sign_in(context: Context, request: AskPasskeyRequest) -> Commit[OptionsReply]:
    """Say what a browser is to be asked, so that a person signs in with any passkey of theirs."""

    def commit(unit: Unit) -> OptionsReply:
        challenge = new_challenge(context, unit, request, Purpose.PASSKEY_SIGN_IN)
        options = webauthn.request_options(Site(request.origin), challenge, ())
        return OptionsReply(options=json.dumps(options))

    return commit


class UsePasskeyRequest(Request):
    """The browser's answer, and how the browser names itself."""

    origin: Parsed
    visitor: HiddenParsed
    answer: Answer
    agent: Parsed = ""


@catalog.action(SignInRefused, writes=True, internal=True, roles=STRANGERS)
def sign_in_with_passkey(context: Context, request: UsePasskeyRequest) -> Commit[CompleteReply]:
    """Sign in with a passkey. It counts as both steps, since the person is verified for it."""
    used, count = _used(context, request, Purpose.PASSKEY_SIGN_IN)

    def commit(unit: Unit) -> CompleteReply:
        person = unit.people.get(used.person_id)
        if person is None or not may_sign_in(unit, person):
            raise SignInRefused(REFUSED)
        _note_use(context, unit, used, count)
        note_sign_in(context, unit, person, None, "passkey")
        value = begin_session(context, unit, person, complete=True, agent=request.agent)
        return CompleteReply(session=value)

    return commit


@catalog.action(SignInRefused, writes=True, internal=True, roles=ANYBODY)
def begin_passkey_proof(context: Context, request: AskPasskeyRequest) -> Commit[OptionsReply]:
    """Say what a browser is to be asked, so that the person in a session proves who they are."""

    def commit(unit: Unit) -> OptionsReply:
        person = own_person(context, unit)
        challenge = new_challenge(context, unit, request, Purpose.PASSKEY_PROOF)
        own = unit.passkeys.where(person_id=person.person_id)
        if not own:
            raise SignInRefused("You have no passkey.")
        ids = [each.credential_id for each in own]
        options = webauthn.request_options(Site(request.origin), challenge, ids)
        return OptionsReply(options=json.dumps(options))

    return commit


@catalog.action(SignInRefused, writes=True, internal=True, roles=ANYBODY)
def prove_with_passkey(context: Context, request: UsePasskeyRequest) -> Commit[CompleteReply]:
    """Prove with a passkey who one is, as the second step too; the session gets a new value."""
    used, count = _used(context, request, Purpose.PASSKEY_PROOF)

    def commit(unit: Unit) -> CompleteReply:
        person, session = own_person(context, unit), own_session(context, unit)
        if used.person_id != person.person_id:
            raise SignInRefused(REFUSED)
        _note_use(context, unit, used, count)
        note_sign_in(context, unit, person, None, "passkey")
        value = replace_session(context, unit, person, session, is_proof=True)
        return CompleteReply(session=value)

    return commit


def _used(context: Context, request: UsePasskeyRequest, purpose: Purpose) -> tuple[Passkey, int]:
    """Return the passkey that an answer is by, and its count of signatures now.

    Raises:
        SignInRefused: it is by none.
    """
    try:
        return _verified(context, request, purpose)
    except PasskeyRefused as refused:
        log.info("a sign-in was refused", reason=f"passkey: {refused}")
        raise SignInRefused(REFUSED) from None


def _verified(
    context: Context, request: UsePasskeyRequest, purpose: Purpose
) -> tuple[Passkey, int]:
    challenge = asked_challenge(context, request.answer, request.visitor, purpose)
    named = webauthn.claimed(request.answer)
    passkey = context.desk.store.read(lambda unit: unit.passkeys.get(named.credential_id))
    if passkey is None or named.person_id not in (None, passkey.person_id):
        raise PasskeyRefused("nobody has it")
    made = MadePasskey(passkey.credential_id, passkey.public_key, passkey.sign_count)
    count = webauthn.used_passkey(Site(request.origin), challenge, made, request.answer)
    if webauthn.is_copied(passkey.sign_count, count):
        _record_copy(context, passkey)
        raise PasskeyRefused("its counter went back, so there may be a copy of it")
    return passkey, count


def _record_copy(context: Context, passkey: Passkey) -> None:
    """Write the audit row of a passkey that may have been copied: in a transaction of its own."""

    def write(unit: Unit) -> None:
        person = unit.people.get(passkey.person_id)
        if person is not None:
            context.record(
                unit, subject_of(person), "refused: the passkey's counter went back", uin=person.uin
            )

    context.desk.store.write(write)


def _note_use(context: Context, unit: Unit, used: Passkey, count: int) -> None:
    """Store the count of signatures.

    Raises:
        SignInRefused: the passkey was removed or used in the meantime.
    """
    passkey = unit.passkeys.get(used.credential_id)
    if passkey is None or passkey.version != used.version:
        raise SignInRefused(REFUSED)
    unit.passkeys.replace(replace(passkey, sign_count=count, used_at=context.now))
