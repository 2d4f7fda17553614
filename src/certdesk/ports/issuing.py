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
    """Makes what is to be published for an issuer that makes its own, such as one by ACME."""

    @property
    def methods(self) -> frozenset[str]:
        """The methods that it has challenges for: of `DNS` and `FILE`."""
        ...

    def offer(self, wanted: ChallengesWanted, recorded: Recorded | None) -> Offering:
        """Take the next step towards the challenges of an order's attempt, within 20 seconds.

        `recorded` is as in `Issuer.proceed`, which goes on with the last one of these. A CA that
        does not answer is `Later`, and one that refuses `Declined`; nothing but a bug raises.
        """
        ...


class Issuer(Protocol):
    """A CA that issues for the desk. Safe to use from several threads.

    What has a body here holds for an issuer that says nothing else.
    """

    @property
    def name(self) -> str:
        """The name by which settings, records and the log speak of it."""
        ...

    @property
    def caa(self) -> CaaIdentity:
        """By what CAA records permit it."""
        return NO_IDENTITY

    @property
    def pki(self) -> Pki | None:
        """What it shows to the world below `/pki/`, None where that is not this desk's to show."""
        return None

    @property
    def challenger(self) -> Challenger | None:
        """Who makes what is to be published; None where the desk does, as the order is submitted.

        The work on orders does not wait for the steps of an issuer that has one.
        """
        return None

    def examine(self) -> Iterator[Observation]:
        """Look whether it can issue, for `certdesk doctor`; it may take some seconds."""
        yield from ()

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the next step of issuing and tell how far it has come.

        `recorded` is the last one of this order and attempt, None at first. The
        caller keeps a `Recorded` durably before it asks again, so that after a crash the same
        step is taken again with the same outcome, and never another certificate is begun. What is
        answered is checked before it is kept (`domain/pki/answers.py`).
        """
        ...

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Take back a certificate that it issued; when this returns the world can know.

        What was taken back stays so, for the first reason that was given.

        Raises:
            LookupError: it did not issue that certificate.
        """
        ...


class Issuers:
    """The issuers of a desk: by name, and by the product that is ordered.

    An order keeps the issuer that it was submitted to, so that settings which change meanwhile
    send nothing to another one.
    """

    def __init__(
        self, issuers: Sequence[Issuer], products: Mapping[int, str] | None = None
    ) -> None:
        """Have the first one issue all products but those of `products`, a name for a number."""
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
        """What the desk shows below `/pki/`, None where no issuer has anything to show.

        Names there are one issuer's own, so the first that has any shows them.
        """
        return next((issuer.pki for issuer in self if issuer.pki is not None), None)


def has_begun(unit: Unit, order: Order) -> bool:
    """Whether its CA has begun to issue for an order, so that there may be a certificate."""
    kept = unit.issuances.get(order.certificate_id, order.attempt)
    return kept is not None and kept.begun
