"""What actions ask a browser about passkeys, and the types that they share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from certdesk.domain.people.records import Purpose, SignInAttempt
from certdesk.engine import Context
from certdesk.operator.people import webauthn
from certdesk.operator.people.attempts import keep, take
from certdesk.operator.people.random_values import VALUE_BYTES, digest_of
from certdesk.operator.people.webauthn import PasskeyRefused
from certdesk.ports import Unit
from certdesk.wire.model import HiddenParsed, Parsed, Reply, Request

Answer = Annotated[str, Meta(max_length=webauthn.MOST_ANSWER, extra={"text": "hidden, parsed"})]
"""What a browser says of a passkey, as JSON."""


class AskPasskeyRequest(Request):
    """The origin of the console, the browser by its cookie, and the network that it is in."""

    origin: Parsed
    visitor: HiddenParsed
    network: Parsed


class OptionsReply(Reply):
    """What the browser is to be asked, as JSON."""

    options: str


def new_challenge(
    context: Context, unit: Unit, request: AskPasskeyRequest, purpose: Purpose
) -> bytes:
    """Keep and return a random value that a passkey is to sign."""
    challenge = context.desk.rng.randbytes(VALUE_BYTES)
    attempt = SignInAttempt(
        digest=digest_of(challenge),
        visitor=digest_of(request.visitor),
        purpose=purpose,
        network=request.network,
        asked_at=context.now,
    )
    keep(unit, attempt)
    return challenge


def asked_challenge(context: Context, answer: str, visitor: str, purpose: Purpose) -> bytes:
    """Return the challenge in an answer, which this browser was asked; it counts no more.

    Raises:
        PasskeyRefused: the browser was asked something else, or too long ago.
    """
    challenge = webauthn.challenge_in(answer)
    store, now = context.desk.store, context.now
    if store.write(lambda unit: take(unit, challenge, visitor, (purpose,), now)) is None:
        raise PasskeyRefused("it took too long, or was for another page")
    return challenge
