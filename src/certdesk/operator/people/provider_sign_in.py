"""Signing in with a provider of OpenID Connect, and proving again who one is with it."""

from __future__ import annotations

from datetime import datetime

import structlog

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import SignInRefused
from certdesk.domain.people.records import Person, Purpose, SignInAttempt
from certdesk.domain.values.foreign_text import printable_text
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.people.attempts import derived, keep, take
from certdesk.operator.people.identities import (
    accepted_invitation,
    known_login,
    note_vouched,
    own_login,
)
from certdesk.operator.people.lookups import own_session
from certdesk.operator.people.random_values import digest_of, new_value
from certdesk.operator.people.sessions import begin_session, replace_session
from certdesk.operator.people.signing_in import ANYBODY, note_sign_in
from certdesk.ports import (
    ProviderFailed,
    ProviderUnreachable,
    Question,
    SignInProvider,
    Unit,
    Vouched,
)
from certdesk.wire.model import Blank, Confidential, HiddenParsed, Integer, Parsed, Reply, Request

OTHER_BROWSER = "This sign-in took too long, or was begun in another browser. Begin again."
PATH = "/console/sign-in/with"
OF_PROVIDERS = (Purpose.PROVIDER_SIGN_IN, Purpose.PROVIDER_PROOF)

log = structlog.get_logger()


class BeginProviderSignInRequest(Request):
    """The provider, the origin of the console, the browser by its cookie, and its network.

    `Invitation` is the token of an invitation that is accepted by signing in; `PersonId` the login
    that the person wants to get into, one of several; `Onward` the page that the person wanted.
    """

    provider: Parsed
    origin: Parsed
    visitor: HiddenParsed
    network: Parsed
    invitation: HiddenParsed = ""
    person_id: Integer | None = None
    onward: Parsed = ""


class BeginProviderSignInReply(Reply):
    """The address that the browser is sent to."""

    address: Confidential[str]


@catalog.action(SignInRefused, writes=True, internal=True, roles=ANYBODY)
def begin_provider_sign_in(
    context: Context, request: BeginProviderSignInRequest
) -> Commit[BeginProviderSignInReply]:
    """Begin to sign in with a provider; in a session, to prove again who one is."""
    again = context.caller.person is not None and request.person_id is None
    state = new_value(context.desk.rng)
    attempt = SignInAttempt(
        digest=digest_of(state),
        visitor=digest_of(request.visitor),
        purpose=Purpose.PROVIDER_PROOF if again else Purpose.PROVIDER_SIGN_IN,
        network=request.network,
        asked_at=context.now,
        provider=request.provider,
        invitation=digest_of(request.invitation) if request.invitation else None,
        person_id=request.person_id,
        onward=request.onward,
    )
    provider = _known(context, request.provider)
    try:
        address = provider.address(
            _question(request.origin, request.visitor, state, attempt, context.now)
        )
    except ProviderFailed as failed:
        raise _refusal(provider, failed) from None

    def commit(unit: Unit) -> BeginProviderSignInReply:
        keep(unit, attempt)
        return BeginProviderSignInReply(address=address)

    return commit


class SignInWithProviderRequest(Request):
    """What the browser brings back from the provider: a code, or an error.

    `Issuer` is the one that it names, if it does.
    """

    provider: Parsed
    origin: Parsed
    visitor: HiddenParsed
    state: HiddenParsed = ""
    code: HiddenParsed = ""
    issuer: Parsed = ""
    error: Parsed = ""
    agent: Parsed = ""


class SignInWithProviderReply(Reply):
    """The value of the cookie of the session that has begun, and the page that was wanted."""

    session: Confidential[str]
    onward: Blank


@catalog.action(SignInRefused, writes=True, internal=True, roles=ANYBODY)
def sign_in_with_provider(
    context: Context, request: SignInWithProviderRequest
) -> Commit[SignInWithProviderReply]:
    """Sign in with what the browser brings back from a provider."""
    provider = _known(context, request.provider)
    attempt = _taken(context, request)
    vouched = _vouched(provider, request, attempt, context.now)

    def commit(unit: Unit) -> SignInWithProviderReply:
        again = attempt.purpose == Purpose.PROVIDER_PROOF
        earlier = own_session(context, unit) if again else None
        person = _person(context, unit, provider, attempt, vouched)
        if earlier is not None:
            earlier = replace(earlier, provider=request.provider)
            value = replace_session(context, unit, person, earlier, is_proof=False)
        else:
            value = begin_session(
                context,
                unit,
                person,
                complete=True,
                agent=request.agent,
                provider=request.provider,
            )
        note_vouched(context, unit, person, vouched, digest_of(value))
        note_sign_in(context, unit, person, None, f"provider {request.provider}")
        return SignInWithProviderReply(session=value, onward=attempt.onward)

    return commit


def _known(context: Context, name: str) -> SignInProvider:
    provider = context.desk.sign_in_providers.find(name)
    if provider is None:
        raise SignInRefused("This desk has no such provider.")
    return provider


def _taken(context: Context, request: SignInWithProviderRequest) -> SignInAttempt:
    """Return the question that the browser brings the answer of; it counts no more.

    Raises:
        SignInRefused: this browser was not asked it, or too long ago, or another provider was.
    """
    store, now, state = context.desk.store, context.now, request.state
    attempt = store.write(lambda unit: take(unit, state, request.visitor, OF_PROVIDERS, now))
    if attempt is None or attempt.provider != request.provider:
        raise SignInRefused(OTHER_BROWSER)
    return attempt


def _question(
    origin: str, visitor: str, state: str, attempt: SignInAttempt, now: datetime
) -> Question:
    return Question(
        state=state,
        nonce=derived(visitor, state, "nonce"),
        verifier=derived(visitor, state, "verifier"),
        redirect_uri=f"{origin}{PATH}/{attempt.provider}/back",
        again=now - attempt.asked_at if attempt.purpose == Purpose.PROVIDER_PROOF else None,
    )


def _vouched(
    provider: SignInProvider,
    request: SignInWithProviderRequest,
    attempt: SignInAttempt,
    now: datetime,
) -> Vouched:
    if request.error or not request.code:
        shown = printable_text(request.error or "no code")
        raise SignInRefused(f"{provider.provider.shown} did not sign you in ({shown}).")
    question = _question(request.origin, request.visitor, request.state, attempt, now)
    try:
        return provider.vouch(request.code, question, request.issuer)
    except ProviderFailed as failed:
        raise _refusal(provider, failed) from None


def _refusal(provider: SignInProvider, failed: ProviderFailed) -> SignInRefused:
    """Log why a provider vouched for nobody; return what the person is told."""
    name, shown = provider.provider.name, provider.provider.shown
    log.warning("sign-in failed", provider=name, reason=str(failed))
    if isinstance(failed, ProviderUnreachable):
        return SignInRefused(f"{shown} does not answer this desk. Try again in a few minutes.")
    return SignInRefused(f"{shown} did not confirm who you are. The reason is in the desk's log.")


def _person(
    context: Context,
    unit: Unit,
    provider: SignInProvider,
    attempt: SignInAttempt,
    vouched: Vouched,
) -> Person:
    """Return the login that somebody for whom the provider vouches gets into.

    Raises:
        SignInRefused: there is none.
    """
    settings, identity = provider.provider, vouched.identity
    if attempt.purpose == Purpose.PROVIDER_PROOF:
        return own_login(context, unit, settings, identity)
    if attempt.invitation is not None:
        return accepted_invitation(context, unit, settings, identity, attempt.invitation)
    return known_login(context, unit, settings, identity, attempt.person_id)
