"""A provider of sign-ins in memory."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from certdesk.domain.people.id_token import Identity
from certdesk.domain.people.provider import Provider
from certdesk.domain.values.secret import Secret
from certdesk.ports import ProviderFailed, ProviderUnreachable, Question, Vouched


class MemoryProvider:
    """A `ports.SignInProvider` with the people and groups that a test sets."""

    def __init__(self, provider: Provider) -> None:
        """Begin without people."""
        self.provider = provider
        self.groups: dict[str, tuple[str, ...]] = {}
        """The groups of each person, by subject."""
        self.down = False
        """Whether it does not answer."""
        self.age: timedelta | None = timedelta(0)
        """How long ago people proved to it who they are, None if it does not say."""
        self.refreshes = True
        """Whether it can be asked again later."""
        self._codes: dict[str, tuple[str, str]] = {}

    def address(self, question: Question) -> str:
        """Return a URL with what a browser carries."""
        self._check()
        said = {
            "state": question.state,
            "nonce": question.nonce,
            "redirect_uri": question.redirect_uri,
        }
        return f"{self.provider.issuer}/authorize?{urlencode(said)}"

    def sign_in(self, address: str, subject: str) -> dict[str, str]:
        """Sign a person in at the address; return what the browser brings back."""
        asked = parse_qs(urlsplit(address).query)
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked["nonce"][0], subject
        return {"code": code, "state": asked["state"][0]}

    def vouch(self, code: str, question: Question, issuer: str = "") -> Vouched:
        """Return the person of a code, which is good once."""
        self._check()
        if issuer not in ("", self.provider.issuer):
            raise ProviderFailed("the answer is of another issuer")
        nonce, subject = self._codes.pop(code, ("", ""))
        if nonce != question.nonce:
            raise ProviderFailed("the code is not known")
        return self._vouched(subject)

    def vouch_again(self, refresh: Secret, subject: str) -> Vouched:
        """Return the person with their groups."""
        self._check()
        if refresh.text() != subject:
            raise ProviderFailed("the refresh token is of another person")
        return self._vouched(subject)

    def check(self) -> None:
        """Fail if it does not answer."""
        self._check()

    def _vouched(self, subject: str) -> Vouched:
        if subject not in self.groups:
            raise ProviderFailed("the person is not known")
        identity = Identity(
            issuer=self.provider.issuer,
            subject=subject,
            groups=self.groups[subject],
            age=self.age,
        )
        return Vouched(identity=identity, refresh=Secret(subject) if self.refreshes else None)

    def _check(self) -> None:
        if self.down:
            raise ProviderUnreachable("it does not answer")
