"""Takes an order one step further: looks, issues, closes, hands over.

Every step may run twice, and finds what an earlier run has kept; each of its writes is made only
if the order is as it was read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from certdesk.domain.delivery.bundles import new_pass_word
from certdesk.domain.operation.figures import Counted
from certdesk.domain.orders.certificate import certificate_of, requested, wanted_challenges
from certdesk.domain.orders.lifecycle import Event, HoldEvent, WaitEvent
from certdesk.domain.orders.order import Decider, Order
from certdesk.domain.orders.proof import proof_of
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.renewal import Forget, first_look, next_succession, wanted
from certdesk.domain.orders.steps import (
    AskCaa,
    AskForChallenges,
    Close,
    Condemn,
    EndCancelling,
    Expire,
    Issue,
    Keep,
    Move,
    ProofsMissing,
    Prove,
    Remove,
    Revoke,
    Step,
    Wait,
    next_step,
    step_while_disabled,
)
from certdesk.domain.pki.issuance import (
    Declined,
    Issued,
    IssueRequest,
    Later,
    Offered,
    Offering,
    Progress,
    Recorded,
    absent,
)
from certdesk.domain.pki.records import BlockedKey, Certificate, Issuance
from certdesk.domain.rules import Rules
from certdesk.domain.validation.challenge import check_offered
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.organisation import Company, Manager, Organisation
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.revocation_reason import KEY_KNOWN, Reason
from certdesk.domain.values.sealed_fields import whole
from certdesk.domain.vetting.review import is_vetted, subject_of_revocation
from certdesk.ports import (
    Clock,
    Counts,
    Issuers,
    Stale,
    Store,
    Unit,
    Vault,
    block_of,
    note,
    place_of,
    place_of_party,
    stands_still,
    successors_of,
    withdraw_review,
)
from certdesk.workflow.counting import Uncounted
from certdesk.workflow.key_inspection import note_look, weakness_of
from certdesk.workflow.moving import Moving
from certdesk.workflow.outside import Outside
from certdesk.workflow.reporting import report_key, tell_of_shared_key
from certdesk.workflow.validation_run import Looking

VETTING_ENDED = "The vetting of its organisation ended before the certificate was issued."
NOT_ITS_OWN = "The certificate is of a CA that this desk cannot ask to revoke it."

WITHOUT_ISSUER = timedelta(minutes=10)
"""When to look again after an order whose issuer the desk does not have."""

BY_ISSUER = AskForChallenges | Issue | Revoke
"""The steps that the order's issuer takes."""

AT_ISSUER = BY_ISSUER | AskCaa
"""The steps that need it."""

Ahead: TypeAlias = datetime | Future[None] | Future[Later | None] | Later | None
"""What an order waits for: a time, a look, a pause with its reason; None is for nothing.

A step at an issuer elsewhere ends with the pause that the order then needs, if any.
"""

log = structlog.get_logger()


class StandsStill(Exception):
    """Nothing is done for the order until its account is enabled."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that is known of an order whose next step is to be taken.

    `proofs` are those that count now, `added` those of any attempt whose records may be outside;
    one that is `halted` stands still.
    """

    order: Order
    proofs: Sequence[Proof]
    added: Sequence[Proof]
    submission: Submission | None
    issuance: Issuance | None
    certificate: Certificate | None
    blocked: BlockedKey | None
    manager: Manager | None
    company: Company | None
    halted: bool

    @property
    def level(self) -> Level:
        """What is vetted for the order."""
        return PRODUCTS[self.order.product_id].level

    @property
    def block(self) -> BlockedKey | None:
        """What is to be acted on of its key being blocked: of what is begun the issuer decides."""
        return self.blocked if self.certificate or not self.begun else None

    @property
    def begun(self) -> bool:
        """Whether its issuer has begun to issue."""
        return self.issuance is not None and self.issuance.begun

    @property
    def recorded(self) -> Recorded | None:
        """What its issuer has asked to be kept last."""
        kept = self.issuance
        return Recorded(state=kept.state, serial=kept.serial) if kept else None

    @property
    def issuer(self) -> str:
        """The name of its issuer: the one that has signed, or that it was submitted to last."""
        return self.certificate.issuer if self.certificate else self.order.issuer or ""

    def vetted_until(self, now: datetime) -> datetime | None:
        """How long what was vetted may be relied on, None where it may not be now."""
        if self.manager is None or not is_vetted(self.manager, now):
            return None
        return self.manager.expires_at

    def ended_vetting(self, now: datetime) -> bool:
        """Whether what was vetted may not be relied on any more, before issuing has begun."""
        if self.level is Level.DV or self.begun:
            return False
        return self.manager is None or not is_vetted(self.manager, now)


class Advancing:
    """Takes orders on."""

    def __init__(  # noqa: PLR0913 -- it works with most parts of the desk
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        rng: random.Random,
        *,
        looking: Looking,
        issuers: Issuers,
        rules: Rules,
        counts: Counts | None = None,
    ) -> None:
        """Work with these parts."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._rng = rng
        self._looking = looking
        self._moving = Moving(store, vault, clock)
        self._issuers = issuers
        self._rules = rules
        self._outside = Outside()
        self._counts = counts or Uncounted()

    def step(self, certificate_id: str) -> Ahead:
        """Take the order's next step; return what it waits for then.

        Raises:
            Stale: the order was changed meanwhile; nothing was done to it.
            StandsStill: its account is disabled.
        """
        standing = self._store.read(functools.partial(_standing, certificate_id))
        now = self._clock.now()
        if standing is None:
            return None
        step = self._next_step(standing, now)
        if isinstance(step, Wait):
            return step.until
        if isinstance(step, AT_ISSUER) and standing.issuer not in self._issuers:
            return Later(at=now + WITHOUT_ISSUER, reason=absent(standing.issuer))
        kind = type(step).__name__
        log.debug("step", certificate=certificate_id, step=kind)
        take = functools.partial(self._take_counted, standing, step, now)
        if isinstance(step, BY_ISSUER) and self._issuers[standing.issuer].challenger:
            return self._outside.take(standing.issuer, lambda: _pause_in(take()))
        return take()

    def stop(self) -> None:
        """Let steps at issuers elsewhere end, and begin no more."""
        self._outside.stop()

    def _take_counted(self, standing: Standing, step: Step, now: datetime) -> Ahead:
        with self._counted(type(step).__name__):
            return self._take(standing, step, now)

    def _next_step(self, standing: Standing, now: datetime) -> Step:
        order, blocked = standing.order, standing.block
        if not standing.halted:
            interval = self._rules.proof_interval
            return next_step(order, standing.proofs, now, interval, blocked, standing.added)
        step = step_while_disabled(order, now, blocked)
        if step is None:
            raise StandsStill
        return step

    @contextlib.contextmanager
    def _counted(self, kind: str) -> Iterator[None]:
        try:
            yield
        except Stale:
            self._counts.count(Counted.STEPS, kind=kind, result="overtaken")
            raise
        except Exception:
            self._counts.count(Counted.STEPS, kind=kind, result="failed")
            raise
        else:
            self._counts.count(Counted.STEPS, kind=kind, result="done")

    def _take(self, standing: Standing, step: Step, now: datetime) -> Ahead:
        match step:
            case Prove(names):
                return self._looking.prove(standing.order, names)
            case AskCaa(names):
                return self._looking.ask_caa(standing.order, names)
            case Remove(records):
                return self._looking.remove(standing.order, records)
            case AskForChallenges():
                return self._ask_for_challenges(standing, now)
            case Issue():
                return self._issue(standing, now)
            case Revoke():
                self._revoke(standing)
            case Move():
                self._moving.move(standing.order)
            case _:
                self._store.write(functools.partial(self._settle, standing.order, step))
        return now

    def _settle(self, order: Order, step: Step, unit: Unit) -> None:
        """Take a step that nobody else has a part in."""
        match step:
            case Close(reason):
                self._close(order, reason, unit)
            case Condemn():
                self._condemn(order, unit)
            case Keep(reason):
                self._keep_certificate(order, reason, unit)
            case Expire():
                self._expire(order, unit)
            case EndCancelling():
                self._end_cancelling(order, unit)

    def _ask_for_challenges(self, standing: Standing, now: datetime) -> Ahead:
        challenger = self._issuers[standing.issuer].challenger
        if challenger is None:
            raise ProofsMissing(", ".join(standing.order.ascii_names))
        wanted = wanted_challenges(standing.order)
        offering = challenger.offer(wanted, standing.recorded)
        if isinstance(offering, Later):
            return offering
        if isinstance(offering, Offered):
            check_offered(offering.challenges, wanted.names, wanted.method)
        self._store.write(functools.partial(self._keep_offering, standing, offering))
        return now

    def _keep_offering(self, standing: Standing, offering: Offering, unit: Unit) -> None:
        order = _unchanged(unit, standing.order)
        if unit.proofs.where(certificate_id=order.certificate_id, attempt=order.attempt):
            raise Stale("proofs")
        match offering:
            case Recorded():
                self._keep_recorded(unit, standing, offering, begun=False)
            case Offered(challenges=challenges):
                for challenge in challenges:
                    unit.proofs.add(proof_of(challenge, order, self._clock.now()))
            case Declined(reason=reason):
                self._close(order, reason, unit)

    def _issue(self, standing: Standing, now: datetime) -> Ahead:
        submission = standing.submission
        assert submission is not None  # noqa: S101 -- no order is submitted without one
        if not submission.inspected:
            # What the background has not got to is done here: no CA is asked before.
            reason = weakness_of(submission)
            self._store.write(lambda unit: note_look(unit, submission, reason, now))
            return now
        if standing.ended_vetting(now):
            self._store.write(functools.partial(self._close, standing.order, VETTING_ENDED))
            return now
        request = requested(
            standing.order,
            submission,
            standing.proofs,
            self._rules.internal_suffixes,
            self._organisation(standing),
            standing.vetted_until(now),
        )
        progress = self._issuers[standing.issuer].proceed(request, standing.recorded)
        if isinstance(progress, Later):
            return progress
        self._store.write(functools.partial(self._keep, standing, request, progress))
        return now

    def _organisation(self, standing: Standing) -> Organisation | None:
        """Open what was vetted, where the product names an organisation."""
        company = standing.company
        if standing.level is Level.DV or company is None:
            return None
        personal = self._vault.open(company.personal, place_of_party(company))
        return whole(Organisation, company.facts, personal)

    def _keep(
        self, standing: Standing, request: IssueRequest, progress: Progress, unit: Unit
    ) -> None:
        match progress:
            case Recorded():
                self._record(unit, standing, progress)
            case Issued():
                self._deliver(unit, standing, request, progress)
            case Declined(reason=reason):
                self._close(standing.order, reason, unit)

    def _record(self, unit: Unit, standing: Standing, progress: Recorded) -> None:
        # The order goes to a next version, so that nobody cancels it at the same time unseen.
        unit.orders.replace(_unchanged(unit, standing.order).waiting(WaitEvent.NAMES_PROVED))
        self._keep_recorded(unit, standing, progress, begun=True)

    def _keep_recorded(
        self, unit: Unit, standing: Standing, recorded: Recorded, *, begun: bool
    ) -> None:
        order, earlier = standing.order, standing.issuance
        if earlier is not None:
            serial = recorded.serial or earlier.serial
            unit.issuances.replace(
                dataclasses.replace(earlier, state=recorded.state, serial=serial, begun=begun)
            )
            return
        if unit.issuances.get(order.certificate_id, order.attempt) is not None:
            raise Stale("issuances")
        unit.issuances.add(
            Issuance(
                certificate_id=order.certificate_id,
                attempt=order.attempt,
                uin=order.uin,
                issuer=standing.issuer,
                state=recorded.state,
                serial=recorded.serial,
                begun_at=self._clock.now(),
                begun=begun,
            )
        )

    def _deliver(
        self, unit: Unit, standing: Standing, request: IssueRequest, issued: Issued
    ) -> None:
        order, now = standing.order, self._clock.now()
        certificate = certificate_of(request, issued, issuer=standing.issuer, now=now)
        after = _unchanged(unit, order).issued(certificate.begins_at, certificate.ends_at)
        unit.certificates.add(
            dataclasses.replace(certificate, archive_pass=self._pass_word(certificate))
        )
        renewed_at = _renewed_at(unit, after)
        hosted = renewed_at is None and wanted(after) is not None
        unit.orders.replace(
            dataclasses.replace(
                after,
                hosted=hosted,
                succeeded_at=renewed_at,
                root_known=certificate.root is not None,
            )
        )
        if hosted:
            unit.renewals.add(first_look(after))
        self._settle_predecessors(unit, order)
        note(unit, now, order, "Issue", f"serial {certificate.serial}")
        tell_of_shared_key(unit, order, certificate.spki_sha256, now)

    def _settle_predecessors(self, unit: Unit, order: Order) -> None:
        """Have nobody see to what this certificate takes the place of any more.

        What renews a certificate renews its reissue as well. That the desk has succeeded one stays
        true whatever else comes after it.
        """
        before = unit.orders.get(order.replaces or order.renews or "")
        while before is not None:
            unit.renewals.remove(before.certificate_id)
            at = self._clock.now() if order.by_desk else before.succeeded_at
            unit.orders.replace(dataclasses.replace(before, hosted=False, succeeded_at=at))
            reissue = unit.orders.get(before.replaced_by or "") if order.renews else None
            its_too = reissue is not None and reissue.renewed_by == order.certificate_id
            before = reissue if its_too else None

    def _pass_word(self, certificate: Certificate) -> bytes:
        return self._vault.seal(new_pass_word(self._rng), place_of(certificate, "archive_pass"))

    def _close(self, order: Order, reason: str, unit: Unit) -> None:
        unit.orders.replace(_unchanged(unit, order).after(Event.FAIL, reason))
        note(unit, self._clock.now(), order, "FailReview", reason)

    def _condemn(self, order: Order, unit: Unit) -> None:
        """Have a certificate revoked whose key others know; nobody has to look at that."""
        decided = _as_read(unit, order).asked_back(
            Event.DECIDE_TO_REVOKE,
            reason=Reason.KEY_COMPROMISE,
            decided_by=Decider.DESK,
            why=KEY_KNOWN,
        )
        unit.orders.replace(decided)
        withdraw_review(unit, subject_of_revocation(order.certificate_id))
        note(unit, self._clock.now(), order, "CondemnKey", Reason.KEY_COMPROMISE)

    def _revoke(self, standing: Standing) -> None:
        order, certificate = standing.order, standing.certificate
        # Both were kept: when the order became issued, and when it was to be revoked.
        assert certificate is not None  # noqa: S101 -- as above
        assert order.revocation is not None  # noqa: S101 -- as above
        reason = Reason(order.revocation.reason)
        try:
            self._issuers[standing.issuer].revoke(certificate, reason)
        except LookupError:
            self._store.write(functools.partial(self._keep_certificate, order, NOT_ITS_OWN))
        else:
            self._store.write(functools.partial(self._revoked, order, certificate, reason))

    def _revoked(self, order: Order, certificate: Certificate, reason: Reason, unit: Unit) -> None:
        """Keep that a certificate is revoked, and what its owner says of its key."""
        now, stored = self._clock.now(), _unchanged(unit, order)
        unit.orders.replace(stored.revoked(now))
        unit.renewals.remove(order.certificate_id)
        if reason is Reason.KEY_COMPROMISE:
            report_key(unit, stored, certificate.spki_sha256, now)
        note(unit, now, order, "Revoke", reason)

    def _keep_certificate(self, order: Order, reason: str, unit: Unit) -> None:
        unit.orders.replace(_unchanged(unit, order).kept(reason))
        note(unit, self._clock.now(), order, "CancelRevoke", reason)

    def _expire(self, order: Order, unit: Unit) -> None:
        """Note that a certificate has ended; a successor that is still to come is not forgotten."""
        ended = _unchanged(unit, order).after(Event.EXPIRE)
        move = next_succession(ended, successors_of(unit, ended), self._clock.now())
        if isinstance(move, Forget):
            ended = dataclasses.replace(ended, hosted=False)
            unit.renewals.remove(order.certificate_id)
        unit.orders.replace(ended)
        note(unit, self._clock.now(), order, "Expire", "")

    def _end_cancelling(self, order: Order, unit: Unit) -> None:
        unit.orders.replace(_unchanged(unit, order).held(HoldEvent.END_CLEANUP))
        note(unit, self._clock.now(), order, "EndCancelling", "")


def _standing(certificate_id: str, unit: Unit) -> Standing | None:
    order = unit.orders.get(certificate_id)
    if order is None:
        return None
    manager = unit.managers.get(order.manager_id) if order.manager_id else None
    submission = unit.submissions.get(certificate_id, order.submission)
    proofs = unit.proofs.where(certificate_id=certificate_id)
    return Standing(
        order=order,
        manager=manager,
        company=unit.companies.get(manager.company_id) if manager else None,
        proofs=[proof for proof in proofs if proof.attempt == order.proving],
        added=[proof for proof in proofs if proof.added_at is not None],
        submission=submission,
        blocked=block_of(unit, order.uin, submission.spki_sha256) if submission else None,
        issuance=unit.issuances.get(certificate_id, order.attempt),
        certificate=unit.certificates.get(certificate_id, order.attempt),
        halted=stands_still(unit, order),
    )


def _pause_in(ahead: Ahead) -> Later | None:
    return ahead if isinstance(ahead, Later) else None


def _renewed_at(unit: Unit, reissue: Order) -> datetime | None:
    """Tell when the desk renewed a certificate, by its reissue that is issued only afterwards."""
    renewal = unit.orders.get(reissue.renewed_by or "")
    original = unit.orders.get(reissue.replaces or "")
    if renewal is None or original is None or not renewal.by_desk or renewal.begins_at is None:
        return None
    return original.succeeded_at


def _unchanged(unit: Unit, order: Order) -> Order:
    """Give the order if it is still as it was read, and work on it goes on.

    Raises:
        Stale: it is not, or its account was disabled meanwhile.
    """
    stored = _as_read(unit, order)
    if stands_still(unit, stored):
        raise Stale("accounts")
    return stored


def _as_read(unit: Unit, order: Order) -> Order:
    """Give the order if it is still as it was read.

    Raises:
        Stale: it is not.
    """
    stored = unit.orders.get(order.certificate_id)
    if stored is None or (stored.status, stored.proving) != (order.status, order.proving):
        raise Stale("orders")
    return stored
