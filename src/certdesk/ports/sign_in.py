"""Providers that vouch for who signs in to the console."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Protocol

from certdesk.domain.people.id_token import Identity
from certdesk.domain.people.provider import Provider
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret


class ProviderFailed(Exception):
    """A provider did not vouch for anybody; the text says why, for the operator and the log."""


class ProviderUnreachable(ProviderFailed):
    """A provider did not answer, so that it may do so later."""


class Question(Record, kw_only=True):
    """What a browser asks a provider with, and what its answer is checked against.

    `verifier` is the secret of PKCE, whose digest the browser carries. `again` is how long ago the
    person was asked to prove again who they are; None for a first sign-in.
    """

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    again: timedelta | None = None


class Vouched(Record, kw_only=True):
    """A person whom a provider vouches for; `refresh` asks for their groups again later."""

    identity: Identity
    refresh: Secret | None = None


class SignInProvider(Protocol):
    """Vouches for people. Safe to use from several threads; each call takes 10 seconds at most."""

    @property
    def provider(self) -> Provider:
        """Its settings."""
        ...

    def address(self, question: Question) -> str:
        """Return the URL that a browser is sent to.

        Raises:
            ProviderFailed: the provider does not say where it is.
        """
        ...

    def vouch(self, code: str, question: Question, issuer: str = "") -> Vouched:
        """Return the person for whom the provider gave the browser a code.

        `issuer` is the one that the browser's answer names (RFC 9207), "" if it names none.

        Raises:
            ProviderFailed: it vouches for nobody.
        """
        ...

    def vouch_again(self, refresh: Secret, subject: str) -> Vouched:
        """Return a person who signed in earlier, with the groups of today.

        Raises:
            ProviderUnreachable: it does not answer.
            ProviderFailed: it no longer vouches for the person.
        """
        ...

    def check(self) -> None:
        """Read anew where the provider is and which keys it has.

        Raises:
            ProviderFailed: people cannot sign in with it.
        """
        ...


class SignInProviders:
    """The providers that the operator has set, by name."""

    def __init__(self, providers: Iterable[SignInProvider]) -> None:
        """Keep them in their order."""
        self._providers = {each.provider.name: each for each in providers}

    def __iter__(self) -> Iterator[Provider]:
        """Iterate over their settings."""
        return (each.provider for each in self._providers.values())

    def all(self) -> tuple[SignInProvider, ...]:
        """Return them."""
        return tuple(self._providers.values())

    def find(self, name: str) -> SignInProvider | None:
        """Return a provider by its name, None if there is none."""
        return self._providers.get(name)

    def of_issuer(self, issuer: str) -> SignInProvider | None:
        """Return the provider of an issuer, None if there is none (any more)."""
        return next((e for e in self._providers.values() if e.provider.issuer == issuer), None)
