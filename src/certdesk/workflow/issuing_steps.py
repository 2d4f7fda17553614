"""The steps of an order that involve its issuer: challenges, issuance, revocation.

The issuer is asked outside any transaction. Its answer becomes part of the order's state, which is
stored only if the order has not changed since it was read.
"""

from __future__ import annotations

import functools
import random
from concurrent.futures import Future
from datetime import datetime

from certdesk.domain.delivery.bundles import new_pass_word
from certdesk.domain.orders.certificate import certificate_of, requested, wanted_challenges
from certdesk.domain.orders.lifecycle import WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.proof import proof_of
from certdesk.domain.orders.renewal import renewal_of, wanted
from certdesk.domain.orders.revocation import mark_revoked
from certdesk.domain.orders.steps import ProofsMissing
from certdesk.domain.pki.answers import WrongAnswer, bounded, check_issued, check_offered
from certdesk.domain.pki.csr import CsrRefused
from certdesk.domain.pki.issuance import (
    Declined,
    Issued,
    IssueRequest,
    Later,
    Offered,
    Progress,
    Recorded,
)
from certdesk.domain.pki.records import Certificate, Issuance
from certdesk.domain.rules import Rules
from certdesk.domain.values.organisation import Organisation
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import Reason
from certdesk.domain.values.sealed_fields import join_fields
from certdesk.ports import (
    Clock,
    Issuers,
    Stale,
    Store,
    Taken,
    Unit,
    Vault,
    note,
    place_of,
    place_of_party,
)
from certdesk.workflow.key_inspection import note_inspection, weakness_of
from certdesk.workflow.order_changes import closed, decline_revocation
from certdesk.workflow.order_state import (
    Next,
    OrderState,
    Rest,
    require_same_vetting,
    store_state,
    unchanged,
)
from certdesk.workflow.reporting import report_key, tell_of_shared_key

VETTING_ENDED = "The vetting of its organisation ended before the certificate was issued."
NOT_ITS_OWN = "The desk cannot ask the CA of this certificate to revoke it."


class IssuingSteps:
    """Asks the issuers of orders, and stores their answers."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        rng: random.Random,
        *,
        issuers: Issuers,
        rules: Rules,
    ) -> None:
        """Work with these parts."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._rng = rng
        self._issuers = issuers
        self._rules = rules

    def ask_for_challenges(self, state: OrderState, now: datetime) -> Next:
        """Ask the issuer for the next step towards its challenges, and store its answer.

        Return None if the order is then to be read again.

        Raises:
            ProofsMissing: the desk makes the challenges for this issuer, and there are none.
        """
        challenger = self._issuers[state.issuer].challenger
        if challenger is None:
            raise ProofsMissing(", ".join(state.order.ascii_names))
        wanted = wanted_challenges(state.order)
        offering = bounded(challenger.offer(wanted, state.recorded), now, state.order.deadline)
        match offering:
            case Later(at=at, reason=reason):
                return Rest(state=state, until=at, reason=reason)
            case Declined(reason=reason):
                return closed(state, reason, self._clock.now())
            case Offered(challenges=challenges):
                check_offered(challenges, wanted.names, wanted.method)
        self._store.write(functools.partial(self._keep_offering, state, offering))
        return None

    def _keep_offering(self, state: OrderState, offering: Recorded | Offered, unit: Unit) -> None:
        order = unchanged(unit, state.order)
        if unit.proofs.where(certificate_id=order.certificate_id, attempt=order.attempt):
            raise Stale("proofs")
        match offering:
            case Recorded():
                _keep_issuance(unit, state, self._issuance(state, offering, begun=False))
            case Offered(challenges=challenges):
                for challenge in challenges:
                    unit.proofs.add(proof_of(challenge, order, self._clock.now()))

    def issue(self, state: OrderState, now: datetime) -> Next | Future[Next]:
        """Take the next step of issuance; what the issuer wants recorded is stored at once.

        Return None if the order is then to be read again.
        """
        if state.ended_vetting(now):
            # Vetted data may be relied on for a limited time only (Baseline Requirements 4.2.1).
            return closed(state, VETTING_ENDED, self._clock.now())
        if state.request is None and self._set_aside_weak_key(state, now):
            return None
        try:
            request = state.request or self._requested(state, now)
        except CsrRefused as refused:
            return closed(state, refused.rule, self._clock.now())
        issuer = self._issuers[state.issuer]
        progress = bounded(issuer.proceed(request, state.recorded), now, state.order.deadline)
        if isinstance(progress, Issued) and not issuer.is_own:
            check_issued(progress, request, state.recorded.serial if state.recorded else None, now)
        return self._after(replace(state, request=request), request, progress)

    def _after(
        self, state: OrderState, request: IssueRequest, progress: Progress
    ) -> Next | Future[Next]:
        match progress:
            case Recorded():
                return self._recorded(state, progress)
            case Issued():
                return self._issued(state, request, progress)
            case Declined(reason=reason):
                return closed(state, reason, self._clock.now())
            case Later(at=at, reason=reason):
                return Rest(state=state, until=at, reason=reason)

    def _set_aside_weak_key(self, state: OrderState, now: datetime) -> bool:
        """Block the key of an order if it is weak, and the background has not found that yet.

        No certificate may be issued for a weak key (Baseline Requirements 6.1.1.3).
        """
        submission = state.submission
        assert submission is not None  # noqa: S101 -- every submitted order has one
        reason = None if submission.inspected else weakness_of(submission)
        if reason is not None:
            self._store.write(lambda unit: note_inspection(unit, submission, reason, now))
        return reason is not None

    def _requested(self, state: OrderState, now: datetime) -> IssueRequest:
        assert state.submission is not None  # noqa: S101 -- every submitted order has one
        return requested(
            state.order,
            state.submission,
            state.proofs,
            self._rules.internal_suffixes,
            self._organisation(state),
            state.vetted_until(now),
        )

    def _recorded(self, state: OrderState, recorded: Recorded) -> Future[Next]:
        """Store what an issuer wants recorded before it goes on, with all that is to be stored."""
        issuance = self._issuance(state, recorded, begun=True)

        def keep(unit: Unit, order: Order) -> Order:
            require_same_vetting(unit, state)
            _keep_issuance(unit, state, issuance)
            return order

        # The order gets a new version, so that a cancellation at the same time fails as stale.
        begun = state.changed(state.order.waiting(WaitEvent.NAMES_PROVED), keep)
        return self._store.submit(functools.partial(begin, begun, issuance))

    def _issuance(self, state: OrderState, recorded: Recorded, *, begun: bool) -> Issuance:
        order, earlier = state.order, state.issuance
        if earlier is not None:
            serial = recorded.serial or earlier.serial
            return replace(earlier, state=recorded.state, serial=serial, begun=begun)
        return Issuance(
            certificate_id=order.certificate_id,
            attempt=order.attempt,
            uin=order.uin,
            issuer=state.issuer,
            state=recorded.state,
            serial=recorded.serial,
            begun_at=self._clock.now(),
            begun=begun,
        )

    def _issued(self, state: OrderState, request: IssueRequest, issued: Issued) -> OrderState:
        now = self._clock.now()
        made = certificate_of(request, issued, issuer=state.issuer, now=now)
        certificate = replace(made, archive_pass=self._pass_word(made))
        order = state.order.issued(certificate.begins_at, certificate.ends_at)
        deliver = functools.partial(self._deliver, certificate)
        return replace(state.changed(order, deliver), certificate=certificate)

    def _deliver(self, certificate: Certificate, unit: Unit, order: Order) -> Order:
        if unit.certificates.where(issuer=certificate.issuer, serial=certificate.serial):
            raise WrongAnswer("it is the certificate of another order")
        unit.certificates.add(certificate)
        renewed_at = _renewed_at(unit, order)
        hosted = renewed_at is None and wanted(order) is not None
        if hosted:
            unit.renewals.add(renewal_of(order))
        self._stop_renewing_predecessors(unit, order)
        now = self._clock.now()
        note(unit, now, order, "Issue", f"serial {certificate.serial}")
        tell_of_shared_key(unit, order, certificate.spki_sha256, now)
        return replace(
            order,
            hosted=hosted,
            succeeded_at=renewed_at,
            root_known=certificate.root is not None,
        )

    def _organisation(self, state: OrderState) -> Organisation | None:
        """Open the vetted data of the organisation, if the product's certificates name one."""
        company = state.company
        if state.level is Level.DV or company is None:
            return None
        opened = self._vault.open(company.personal, place_of_party(company))
        return join_fields(Organisation, company.facts, opened)

    def _stop_renewing_predecessors(self, unit: Unit, order: Order) -> None:
        """Stop renewing the certificates that this certificate replaces.

        A renewal of a certificate replaces its reissues as well. A note that the desk made the
        successor of one of them stays, whatever comes later.
        """
        before = _linked(unit, order.replaces or order.renews)
        while before is not None:
            unit.renewals.remove(before.certificate_id)
            at = self._clock.now() if order.by_desk else before.succeeded_at
            unit.orders.replace(replace(before, hosted=False, succeeded_at=at))
            reissue = _linked(unit, before.replaced_by) if order.renews else None
            its_too = reissue is not None and reissue.renewed_by == order.certificate_id
            before = reissue if its_too else None

    def _pass_word(self, certificate: Certificate) -> bytes:
        return self._vault.seal(new_pass_word(self._rng), place_of(certificate, "archive_pass"))

    def revoke(self, state: OrderState) -> None:
        """Revoke the certificate, or leave it in force if the issuer does not know it."""
        order, certificate = state.order, state.certificate
        # Both were stored: when the certificate was issued, and when its revocation was asked for.
        assert certificate is not None  # noqa: S101 -- as above
        assert order.revocation is not None  # noqa: S101 -- as above
        reason = Reason(order.revocation.reason)
        try:
            self._issuers[state.issuer].revoke(certificate, reason)
        except LookupError:
            self._store.write(
                lambda unit: decline_revocation(unit, order, NOT_ITS_OWN, self._clock.now())
            )
        else:
            self._store.write(functools.partial(self._revoked, order, certificate, reason))

    def _revoked(self, order: Order, certificate: Certificate, reason: Reason, unit: Unit) -> None:
        """Store that a certificate was revoked, and what its owner reported about its key."""
        now, stored = self._clock.now(), unchanged(unit, order)
        unit.orders.replace(mark_revoked(stored, now))
        unit.renewals.remove(order.certificate_id)
        if reason is Reason.KEY_COMPROMISE:
            report_key(unit, stored, certificate.spki_sha256, now)
        note(unit, now, order, "Revoke", reason)


def begin(state: OrderState, issuance: Issuance, unit: Unit) -> Next:
    """Store that issuance has begun; return None if the order is then to be read again."""
    stored = store_state(state, unit)
    return replace(stored, issuance=issuance) if state.issuance is None else None


def _keep_issuance(unit: Unit, state: OrderState, issuance: Issuance) -> None:
    if state.issuance is not None:
        unit.issuances.replace(issuance)
        return
    try:
        unit.issuances.add(issuance)
    except Taken:
        raise Stale("issuances") from None


def _renewed_at(unit: Unit, reissue: Order) -> datetime | None:
    """Return when the desk renewed a certificate whose reissue was issued only after that."""
    renewal, original = _linked(unit, reissue.renewed_by), _linked(unit, reissue.replaces)
    if renewal is None or original is None or not renewal.by_desk or renewal.begins_at is None:
        return None
    return original.succeeded_at


def _linked(unit: Unit, certificate_id: str | None) -> Order | None:
    return unit.orders.get(certificate_id) if certificate_id else None
