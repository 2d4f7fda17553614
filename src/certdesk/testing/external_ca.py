"""An external CA that makes its own challenges, as an ACME CA does, and its issuer here.

The CA keeps running while the desk restarts: one `ExternalCa` may have many issuers.
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
    """The state of an order at the CA: the desk's name for it, and whether it is finalized."""

    order: str
    final: bool = False


_STATE = msgspec.json.Decoder(_State)


class ExternalCa:
    """The CA: it issues a token for each name of an order, and one certificate.

    `orders` has the names of each order; `away` is true while the CA does not answer.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin without orders."""
        self.orders: dict[str, list[str]] = {}
        self.refused = ""
        self.away = False
        self._change = threading.Lock()
        self._tokens: dict[tuple[str, str], str] = {}
        self._issued: dict[str, Issued] = {}
        self._ca = ScriptedIssuer(clock)

    def new_order(self, order: str, names: list[str]) -> dict[str, str]:
        """Return a token for each name, always the same ones for an order."""
        with self._change:
            self.orders[order] = names
            return {
                name: self._tokens.setdefault((order, name), secrets.token_urlsafe(16))
                for name in names
            }

    def finalize(self, order: str, request: IssueRequest) -> Issued:
        """Issue the certificate of an order, always the same one."""
        with self._change:
            if order not in self._issued:
                issued = self._ca.proceed(request, None)
                assert isinstance(issued, Recorded)  # noqa: S101 -- its first request
                issued = self._ca.proceed(request, issued)
                assert isinstance(issued, Issued)  # noqa: S101 -- its second request
                self._issued[order] = issued
            return self._issued[order]


class ExternalIssuer(ScriptedIssuer):
    """A `ports.Issuer` for such a CA; it validates names by DNS only."""

    def __init__(self, clock: Clock, ca: ExternalCa | None = None, name: str = "elsewhere") -> None:
        """Ask `ca`."""
        super().__init__(clock, name)
        self.ca = ca or ExternalCa(clock)
        self._thumbprint = _base64url(hashlib.sha256(name.encode()).digest())

    @property
    def challenger(self) -> Challenger:
        """The maker of its challenges."""
        return self

    @property
    def methods(self) -> frozenset[str]:
        """The only method: DNS."""
        return frozenset({"DNS"})

    def offer(self, wanted: ChallengesWanted, recorded: Recorded | None) -> Offering:
        """Return the order to be recorded first, then ask the CA for it."""
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
        """Return the intent to finalize the order to be recorded first, then finalize it."""
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
