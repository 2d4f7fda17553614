"""A provider of OpenID Connect: discovery, the authorization code flow with PKCE, ID tokens.

Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 7636 (PKCE), RFC 6749, RFC 9207 (the issuer
in the answer), RFC 9700 (security).
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote_plus, urlencode, urlsplit

from certdesk.domain.people.id_token import (
    ClaimRefused,
    Expected,
    Identity,
    groups_of,
    identity_of,
    subject_of,
)
from certdesk.domain.people.provider import Provider
from certdesk.domain.values.addresses import address_in
from certdesk.domain.values.foreign_text import printable_text
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.secret import Secret
from certdesk.ports import Clock, ProviderFailed, ProviderUnreachable, Question, Vouched
from certdesk.sign_in.client import Answer, Client, deadline
from certdesk.sign_in.keys import PublicKey, chosen, public_keys
from certdesk.wire.strict_json import BadJson, parse_object

KEPT_SECONDS = 3600.0
"""How long the discovery document and the keys are used before they are read again."""

AGAIN_SECONDS = 30.0
"""How long an unknown key of a token does not make the desk read the keys again."""

TURN_SECONDS = 2.0
"""How long a sign-in waits for another one that asks the provider."""

REST_SECONDS = 15.0
"""How long a provider that kept a sign-in waiting longer than `TURN_SECONDS` is not asked again."""

MOST_URL = 2048
KEYS = "the address of the keys"
_DISCOVERY = "/.well-known/openid-configuration"
_OK = 200


class Places(Record, kw_only=True):
    """What the desk uses of a discovery document; `userinfo` is empty where there is none."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    secret_in_form: bool
    names_issuer: bool


class Oidc:
    """A `ports.SignInProvider` by OpenID Connect."""

    def __init__(
        self,
        provider: Provider,
        secret: Secret | None,
        client: Client,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask nothing yet. `secret` is the client's, None for a public client.

        `monotonic` tells the age of what was read.
        """
        self._ticking = monotonic
        self._provider = provider
        self._secret = secret
        self._client = client
        self._clock = clock
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._rests_until: float | None = None
        self._places: tuple[float, Places] | None = None
        self._keys: tuple[float, tuple[PublicKey, ...]] | None = None

    @property
    def provider(self) -> Provider:
        """Its settings."""
        return self._provider

    def address(self, question: Question) -> str:
        """Return the URL of the authorization request."""
        with self._in_turn():
            place = self._known_places(deadline()).authorization
        digest = hashlib.sha256(question.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": question.redirect_uri,
            "scope": " ".join(self._provider.scopes),
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if self._provider.acr:
            asked["acr_values"] = " ".join(self._provider.acr)
        if question.again is not None:
            asked |= {"prompt": "login", "max_age": "0"}
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    def vouch(self, code: str, question: Question, issuer: str = "") -> Vouched:
        """Return the person for whom the provider gave a code."""
        with self._in_turn():
            return self._vouched_by_code(code, question, issuer, deadline())

    def check(self) -> None:
        """Read the discovery document and the keys anew."""
        until = deadline()
        places = self._read_places(until)
        if not public_keys(_json(self._client.get(places.keys, until), KEYS)):
            raise ProviderFailed("the provider has no key that signs")

    def _vouched_by_code(self, code: str, question: Question, issuer: str, until: float) -> Vouched:
        names_issuer = self._known_places(until).names_issuer
        if issuer != self._provider.issuer and (issuer or names_issuer):
            # Somebody leads the browser to the wrong provider, to get the code (RFC 9207).
            raise ProviderFailed("the browser's answer is of another issuer")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.redirect_uri,
            "code_verifier": question.verifier,
        }
        tokens = self._tokens(form, until)
        now = self._clock.now()
        expected = Expected(
            provider=self._provider,
            now=now,
            nonce=question.nonce,
            since=None if question.again is None else now - question.again,
        )
        identity = self._believed(_text(tokens, "id_token"), expected, until)
        return self._vouched(identity, tokens, until)

    def vouch_again(self, refresh: Secret, subject: str) -> Vouched:
        """Return a person who signed in earlier, with the groups of today."""
        until = deadline()
        form = {"grant_type": "refresh_token", "refresh_token": refresh.text()}
        tokens = self._tokens(form, until)
        identity = Identity(issuer=self._provider.issuer, subject=subject)
        if "id_token" in tokens:
            # A refreshed token need not have the times and methods of a sign-in (Core, 12.2).
            provider = dataclasses.replace(self._provider, acr=(), amr=())
            expected = Expected(
                provider=provider, now=self._clock.now(), nonce=None, subject=subject
            )
            identity = self._believed(_text(tokens, "id_token"), expected, until)
        return self._vouched(identity, tokens, until)

    def _vouched(self, identity: Identity, tokens: Mapping[str, object], until: float) -> Vouched:
        """Add what the ID token does not say: the groups, from the UserInfo endpoint."""
        places = self._known_places(until)
        if identity.groups is None and places.userinfo:
            identity = replace(identity, groups=self._groups(identity, places, tokens, until))
        refresh = tokens.get("refresh_token")
        kept = Secret(refresh) if isinstance(refresh, str) and refresh else None
        return Vouched(identity=identity, refresh=kept)

    def _groups(
        self, identity: Identity, places: Places, tokens: Mapping[str, object], until: float
    ) -> tuple[str, ...]:
        bearer = {"Authorization": f"Bearer {_text(tokens, 'access_token')}"}
        answer = self._client.get(places.userinfo, until, bearer)
        claims = _json(answer, "the UserInfo endpoint")
        try:
            subject = subject_of(claims)
        except ClaimRefused as refused:
            raise ProviderFailed(f"the answer of the UserInfo endpoint {refused}") from None
        if subject != identity.subject:
            raise ProviderFailed("the answer of the UserInfo endpoint is of another person")
        return groups_of(claims, self._provider) or ()

    def _tokens(self, form: dict[str, str], until: float) -> Mapping[str, object]:
        places = self._known_places(until)
        headers = {}
        if self._secret is None or places.secret_in_form:
            form["client_id"] = self._provider.client_id
        if self._secret is not None:
            if places.secret_in_form:
                form["client_secret"] = self._secret.text()
            else:
                headers["Authorization"] = _basic(self._provider.client_id, self._secret)
        return _json(self._client.post(places.token, form, until, headers), "the token endpoint")

    def _believed(self, token: str, expected: Expected, until: float) -> Identity:
        try:
            return identity_of(self._verified(token, until), expected)
        except ClaimRefused as refused:
            raise ProviderFailed(f"the ID token {refused}") from None

    def _verified(self, token: str, until: float) -> dict[str, object]:
        """Return the claims of a token that one of the provider's keys has signed."""
        # Only sign-ins need it, and its library takes a while to import.
        from certdesk.sign_in import tokens  # noqa: PLC0415

        algorithm, key_id = tokens.header_of(token)
        return tokens.claims_of(token, algorithm, self._fitting(algorithm, key_id, until))

    def _fitting(self, algorithm: str, key_id: str, until: float) -> tuple[PublicKey, ...]:
        """Return the keys that may have signed, read anew if the one that is named is not known."""
        found = chosen(self._known_keys(until), algorithm, key_id)
        if not found:
            found = chosen(self._known_keys(until, again=True), algorithm, key_id)
        return found

    def _known_places(self, until: float) -> Places:
        with self._alone(until):
            if self._places is None or self._places[0] + KEPT_SECONDS < self._ticking():
                self._places = self._ticking(), self._read_places(until)
            return self._places[1]

    def _known_keys(self, until: float, *, again: bool = False) -> tuple[PublicKey, ...]:
        places = self._known_places(until)
        with self._alone(until):
            kept = AGAIN_SECONDS if again else KEPT_SECONDS
            if self._keys is None or self._keys[0] + kept < self._ticking():
                answer = _json(self._client.get(places.keys, until), KEYS)
                self._keys = self._ticking(), public_keys(answer)
            return self._keys[1]

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Ask for one person at a time, so that a slow provider holds up one thread alone."""
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise ProviderUnreachable("it is slow, and another sign-in waits for it")
        try:
            with self._rested():
                yield
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _rested(self) -> Iterator[None]:
        """Ask a provider that was silent a moment ago for nobody, so that few people wait for it.

        A quick failure does not count: it costs nothing, and a wrong code could bring it about.
        """
        began = self._ticking()
        if self._rests_until is not None and began < self._rests_until:
            raise ProviderUnreachable("it did not answer a moment ago")
        try:
            yield
        except ProviderUnreachable:
            if self._ticking() - began > TURN_SECONDS:
                self._rests_until = self._ticking() + REST_SECONDS
            raise

    @contextlib.contextmanager
    def _alone(self, until: float) -> Iterator[None]:
        """Wait no longer than until the deadline for another thread that reads."""
        if not self._lock.acquire(timeout=max(until - time.monotonic(), 0)):
            raise ProviderUnreachable("the provider did not answer in time")
        try:
            yield
        finally:
            self._lock.release()

    def _read_places(self, until: float) -> Places:
        issuer = self._provider.issuer
        answer = self._client.get(f"{issuer.removesuffix('/')}{_DISCOVERY}", until)
        said = _json(answer, "the discovery document")
        if said.get("issuer") != issuer:
            raise ProviderFailed("the discovery document is of another issuer")
        methods = said.get("token_endpoint_auth_methods_supported")
        return Places(
            authorization=_place(said, "authorization_endpoint", issuer),
            token=_place(said, "token_endpoint", issuer),
            keys=_place(said, "jwks_uri", issuer),
            userinfo=_place(said, "userinfo_endpoint", issuer)
            if "userinfo_endpoint" in said
            else "",
            secret_in_form=isinstance(methods, list)
            and "client_secret_basic" not in methods
            and "client_secret_post" in methods,
            names_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        )


def _place(said: Mapping[str, object], name: str, issuer: str) -> str:
    """Return a URL of the discovery document.

    It may be of another host, as with large providers, but then it has a name and https. The
    document of an http issuer is not protected, so it cannot name other hosts.
    """
    url = _text(said, name)
    try:
        parts, own = urlsplit(url), urlsplit(issuer)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ProviderFailed(f"the discovery document has no URL as {name}") from None
    if len(url) > MOST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        raise ProviderFailed(f"the discovery document has no URL as {name}")
    if not host or "@" in parts.netloc or parts.fragment:
        raise ProviderFailed(f"the discovery document has a URL with a user or no host as {name}")
    if (parts.scheme, host, port) == (own.scheme, own.hostname, own.port):
        return url
    if own.scheme != "https" or parts.scheme != "https" or address_in(host):
        raise ProviderFailed(f"the discovery document leads away from the issuer ({name})")
    return url


def _json(answer: Answer, what: str) -> dict[str, object]:
    try:
        said = parse_object(answer.body)
    except BadJson:
        said = {}
    if answer.status != _OK:
        error = printable_text(str(said.get("error", "no reason")))
        raise ProviderFailed(f"{what} answered with status {answer.status} ({error})")
    if not said:
        raise ProviderFailed(f"{what} did not answer with a JSON object")
    return said


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderFailed(f"the provider's answer has no {name}")
    return value


def _basic(client_id: str, secret: Secret) -> str:
    """Return the header of RFC 6749, 2.3.1, whose parts are encoded as in a form."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.text())}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
