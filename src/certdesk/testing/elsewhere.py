"""A CA elsewhere that makes its own challenges, as one by ACME does, and its issuer here.

The CA goes on while the desk ends and begins anew: one `CaElsewhere` may have many issuers.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from datetime import timedelta

import msgspec

from certdesk.domain.pki.issuance import (
    ChallengesWanted,
    Declined,
    Issued,
    IssueRequest,
    Later,
    Offered,
    Offering,
    Progress,
    Recorded,
)
from certdesk.domain.validation.challenge import Challenge, ProofKind
from certdesk.domain.values.names import DomainName
from certdesk.ports import Challenger, Clock
from certdesk.testing.issuer import ScriptedIssuer

AGAIN = timedelta(seconds=30)
LABEL = "_acme-challenge"
AWAY = "The CA elsewhere does not answer."


class _State(msgspec.Struct, frozen=True):
    """What is kept of an order at the CA: the desk's name for it, and whether it is finalized."""

    order: str
    final: bool = False


_STATE = msgspec.json.Decoder(_State)


class CaElsewhere:
    """The CA: it gives each order a token for each name, and one certificate.

    `orders` has the names of each order that it was asked for, and `away` whether it answers.
    """

    def __init__(self, clock: Clock) -> None:
        """Know no orders."""
        self.orders: dict[str, list[str]] = {}
        self.refused = ""
        self.away = False
        self._change = threading.Lock()
        self._tokens: dict[tuple[str, str], str] = {}
        self._issued: dict[str, Issued] = {}
        self._ca = ScriptedIssuer(clock)

    def new_order(self, order: str, names: list[str]) -> dict[str, str]:
        """Return a token for each name; the same ones for the same order."""
        with self._change:
            self.orders[order] = names
            return {
                name: self._tokens.setdefault((order, name), secrets.token_urlsafe(16))
                for name in names
            }

    def finalize(self, order: str, request: IssueRequest) -> Issued:
        """Issue the certificate of an order; the same one whenever it is asked for."""
        with self._change:
            if order not in self._issued:
                issued = self._ca.proceed(request, None)
                assert isinstance(issued, Recorded)  # noqa: S101 -- what it asks for first
                issued = self._ca.proceed(request, issued)
                assert isinstance(issued, Issued)  # noqa: S101 -- what comes then
                self._issued[order] = issued
            return self._issued[order]


class IssuerElsewhere(ScriptedIssuer):
    """`ports.Issuer` of such a CA; it proves names by DNS alone."""

    def __init__(
        self, clock: Clock, ca: CaElsewhere | None = None, name: str = "elsewhere"
    ) -> None:
        """Ask `ca`."""
        super().__init__(clock, name)
        self.ca = ca or CaElsewhere(clock)
        self._thumbprint = _base64url(hashlib.sha256(name.encode()).digest())

    @property
    def challenger(self) -> Challenger:
        """What makes its challenges."""
        return self

    @property
    def methods(self) -> frozenset[str]:
        """Only by DNS."""
        return frozenset({"DNS"})

    def offer(self, wanted: ChallengesWanted, recorded: Recorded | None) -> Offering:
        """Have the order kept that the CA is to be asked for, then ask."""
        if recorded is None:
            order = f"{wanted.certificate_id}/{wanted.attempt}"
            return Recorded(state=msgspec.json.encode(_State(order)))
        if self.ca.away:
            return Later(at=self._clock.now() + AGAIN, reason=AWAY)
        if self.ca.refused:
            return Declined(reason=self.ca.refused)
        bases = list(dict.fromkeys(name.base for name in wanted.names))
        tokens = self.ca.new_order(_STATE.decode(recorded.state).order, bases)
        return Offered(challenges=tuple(self._challenge(name, tokens[name]) for name in bases))

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Have it kept that the order is to be finalized, then do so."""
        if recorded is None:
            return Declined(reason="No challenges were asked for.")
        if self.ca.away:
            return Later(at=self._clock.now() + AGAIN, reason=AWAY)
        state = _STATE.decode(recorded.state)
        if not state.final:
            return Recorded(state=msgspec.json.encode(_State(state.order, final=True)))
        return self.ca.finalize(state.order, request)

    def _challenge(self, base: str, token: str) -> Challenge:
        name = DomainName(base)
        below = base.removesuffix(name.registrable).rstrip(".")
        authorization = f"{token}.{self._thumbprint}"
        return Challenge(
            name=base,
            kind=ProofKind.TXT,
            label=f"{LABEL}.{below}".rstrip("."),
            value=_base64url(hashlib.sha256(authorization.encode()).digest()),
        )


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
