"""The CAs that issue for the desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from certdesk.domain.operation.checkup import Observation
from certdesk.domain.orders.order import Order
from certdesk.domain.pki.issuance import (
    ChallengesWanted,
    IssueRequest,
    Offering,
    Progress,
    Recorded,
)
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.caa import NO_IDENTITY, CaaIdentity
from certdesk.domain.values.revocation_reason import Reason
from certdesk.ports.pki import Pki
from certdesk.ports.unit import Unit


class Challenger(Protocol):
    """A source of challenges for an issuer that makes its own, such as one by ACME."""

    @property
    def methods(self) -> frozenset[str]:
        """The methods for which it has challenges: `DNS`, `FILE` or both."""
        ...

    def offer(self, wanted: ChallengesWanted, recorded: Recorded | None) -> Offering:
        """Take the next step towards the challenges of an order's attempt, within 20 seconds.

        `recorded` is as in `Issuer.proceed`, which continues with the last one of these. A CA that
        does not answer is `Later`, and one that refuses is `Declined`; only a bug raises.
        """
        ...


class Issuer(Protocol):
    """A CA that issues for the desk. Safe to use from several threads.

    Methods with a body here are defaults for all issuers.
    """

    @property
    def name(self) -> str:
        """The name of the issuer in settings, records and the log."""
        ...

    @property
    def caa(self) -> CaaIdentity:
        """The identity by which CAA records permit it."""
        return NO_IDENTITY

    @property
    def is_own(self) -> bool:
        """Whether it is the desk's own CA, which signs what the gate has let through and no more.

        What others answer is checked before it is stored (`domain/pki/answers.py`).
        """
        return False

    @property
    def pki(self) -> Pki | None:
        """What it publishes below `/pki/`, None if it publishes nothing there."""
        return None

    @property
    def challenger(self) -> Challenger | None:
        """The source of its challenges; None if the desk makes them when the order is submitted.

        The work on orders does not wait for the steps of an issuer that has one.
        """
        return None

    def examine(self) -> Iterator[Observation]:
        """Yield whether it can issue, for `certdesk doctor`; it may take some seconds."""
        yield from ()

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the next step of issuance and return the progress.

        `recorded` is the last one of this order and attempt, None at first. The caller stores a
        `Recorded` durably before it asks again, so that after a crash the same step is taken again
        with the same outcome, and another certificate is never begun.
        """
        ...

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Revoke a certificate that it issued; on return the revocation is published.

        A revoked certificate stays revoked, for the first reason that was given.

        Raises:
            LookupError: it did not issue that certificate.
        """
        ...


class Issuers:
    """The issuers of a desk, by name and by the product that is ordered.

    An order keeps the issuer that it was submitted to, so that changed settings never send it to
    another one.
    """

    def __init__(
        self, issuers: Sequence[Issuer], products: Mapping[int, str] | None = None
    ) -> None:
        """Let the first issuer issue all products but those of `products`, a name for a number."""
        self._issuers = {issuer.name: issuer for issuer in issuers}
        self._first = issuers[0]
        self._products = products or {}

    def __iter__(self) -> Iterator[Issuer]:
        return iter(self._issuers.values())

    def __contains__(self, name: object) -> bool:
        return name in self._issuers

    def __getitem__(self, name: str) -> Issuer:
        return self._issuers[name]

    def of(self, product: int) -> Issuer:
        """Return the issuer of a product that is ordered now."""
        name = self._products.get(product)
        return self._issuers[name] if name else self._first

    @property
    def pki(self) -> Pki | None:
        """What the desk publishes below `/pki/`, None if no issuer publishes anything.

        The names there belong to one issuer, so the first one that publishes anything is shown.
        """
        return next((issuer.pki for issuer in self if issuer.pki is not None), None)


def has_begun(unit: Unit, order: Order) -> bool:
    """Whether the CA has begun to issue for an order, so that there may be a certificate."""
    kept = unit.issuances.get(order.certificate_id, order.attempt)
    return kept is not None and kept.begun
