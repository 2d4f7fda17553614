"""Checks proofs and CAA records, and stores what was found.

It also adds the DNS records that the desk publishes itself before they are checked, and removes
them.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import threading
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from certdesk.domain.orders.lifecycle import VALIDATING, StatusMessage, WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import GOING_ON, is_proved
from certdesk.domain.validation.challenge import (
    CaaFinding,
    Finding,
    ProofKind,
    Verdict,
    challenge_of,
)
from certdesk.domain.validation.rate_limit import CAA, PROOF
from certdesk.domain.validation.records import Evidence, Proof
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.record import replace
from certdesk.ports import CaaChecker, Clock, Issuers, Store, Unit, Validator, is_suspended, note
from certdesk.workflow.added_records import AddedRecords, NotAdded
from certdesk.workflow.repeating import step_back
from certdesk.workflow.validation_rate_limiter import ValidationRateLimiter

AT_ONCE = 32
"""The most checks at once."""

OF_AN_ACCOUNT = 4
"""The most checks at once for one account, so that its slow servers do not hold up others."""

PROVED = "ProveDomain"
"""The event name in the audit log for a validated name."""


class Stopped(Exception):
    """The desk is stopping, and the check was not made."""


class Purpose(enum.Enum):
    """What to do about a name."""

    PROOF = "check its proof"
    CAA = "check its CAA records"
    REMOVAL = "remove the DNS record that the desk added for it"


KINDS = {Purpose.PROOF: PROOF, Purpose.CAA: CAA}
"""The kinds under which checks are counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One check of a name of an order's attempt, or the removal of its record."""

    certificate_id: str
    attempt: int
    name: str
    purpose: Purpose

    @property
    def proof(self) -> tuple[str, int, str]:
        """The key of the proof."""
        return self.certificate_id, self.attempt, self.name


class ValidationRun:
    """Runs checks on threads of its own; the same check asked for twice runs once."""

    def __init__(  # noqa: PLR0913 -- it works with everything that checks
        self,
        store: Store,
        clock: Clock,
        *,
        validators: Mapping[ProofKind, Validator],
        caa: CaaChecker,
        issuers: Issuers,
        records: AddedRecords,
        rate_limiter: ValidationRateLimiter,
        stored_checks: int,
    ) -> None:
        """Prepare; threads are started when there is something to check.

        The first `stored_checks` failed checks of a proof are stored.
        """
        self._store = store
        self._clock = clock
        self._validators = validators
        self._caa = caa
        self._issuers = issuers
        self._records = records
        self._rate_limiter = rate_limiter
        self._stored_checks = stored_checks
        self._threads = ThreadPoolExecutor(AT_ONCE, "validation", initializer=step_back)
        self._change = threading.Lock()
        self._asked: dict[Check, Future[None]] = {}
        self._waiting: dict[str, deque[Check]] = defaultdict(deque)
        self._running: dict[str, int] = defaultdict(int)
        self._stopping = False

    def stop(self) -> None:
        """Wait for the checks in progress, and start no more."""
        self._stopping = True
        with self._change:
            waiting = [check for checks in self._waiting.values() for check in checks]
            self._waiting.clear()
            left = [self._asked.pop(check) for check in waiting]
        for asked in left:
            asked.set_exception(Stopped())
        self._threads.shutdown()

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | datetime:
        """Check the proofs of those names that may be checked now.

        If none may be, return the time at which to ask again.
        """
        return self._start_admitted(order, names, Purpose.PROOF)

    def prove_now(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Check proofs that a request waits for; see `ports.Work`."""
        checks = self._start_admitted(order, names, Purpose.PROOF, in_line=False)
        return checks if isinstance(checks, Future) else None

    def ask_caa(self, order: Order, names: Sequence[str]) -> Future[None] | datetime:
        """Check the CAA records of those names that may be checked now.

        If none may be, return the time at which to ask again.
        """
        return self._start_admitted(order, names, Purpose.CAA)

    def remove(self, order: Order, records: Sequence[tuple[int, str]]) -> Future[None]:
        """Try once to remove the records that the desk added, given by attempt and name."""
        checks = [Check(order.certificate_id, *record, Purpose.REMOVAL) for record in records]
        return _when_all([self._ask(order.uin, check) for check in checks])

    def _start_admitted(
        self, order: Order, names: Sequence[str], purpose: Purpose, *, in_line: bool = True
    ) -> Future[None] | datetime:
        """Start the checks that may begin now; those already in progress are not counted again."""
        checks = {name: Check(order.certificate_id, order.proving, name, purpose) for name in names}
        with self._change:
            under_way = [self._asked[check] for check in checks.values() if check in self._asked]
            more = [name for name, check in checks.items() if check not in self._asked]
        admitted = self._rate_limiter.take(order.uin, KINDS[purpose], more, in_line=in_line)
        if not under_way and not admitted.names and admitted.again_at is not None:
            return admitted.again_at
        return _when_all(
            [*under_way, *(self._ask(order.uin, checks[name]) for name in admitted.names)]
        )

    def _ask(self, uin: str, check: Check) -> Future[None]:
        with self._change:
            asked = self._asked.get(check)
            if self._stopping:
                raise Stopped
            if asked is None:
                asked = self._asked[check] = Future()
                self._waiting[uin].append(check)
                self._begin(uin)
            return asked

    def _begin(self, uin: str) -> None:
        """Start the checks of an account that may run now; the caller holds the lock."""
        waiting = self._waiting[uin]
        while waiting and self._running[uin] < OF_AN_ACCOUNT:
            self._running[uin] += 1
            self._threads.submit(self._carry_out, uin, waiting.popleft())
        if not waiting and not self._running[uin]:
            del self._waiting[uin], self._running[uin]

    def _carry_out(self, uin: str, check: Check) -> None:
        try:
            if self._stopping:
                raise Stopped  # noqa: TRY301 -- reported like any other failure
            self._run(check)
        except Exception as error:  # noqa: BLE001 -- the caller that asked for the check gets it
            outcome: Exception | None = error
        else:
            outcome = None
        with self._change:
            asked = self._asked.pop(check)
            self._running[uin] -= 1
            self._begin(uin)
        if outcome is None:
            asked.set_result(None)
        else:
            asked.set_exception(outcome)

    def _run(self, check: Check) -> None:
        if check.purpose is Purpose.REMOVAL:
            self._records.remove(check.proof)
            return
        proof, order = self._store.read(functools.partial(_still_wanted, check))
        if proof is None or order is None:
            return
        if check.purpose is Purpose.CAA:
            identity = self._issuers[proof.issuer].caa
            found = [
                self._caa.check(name, ProofKind(proof.kind), identity)
                for name in _names_of(order, proof)
            ]
            worst = next((each for each in found if not each.permitted), found[0])
            self._slow_down(check, order, found)
            self._store.write(lambda unit: self._keep_caa(unit, check, worst))
        else:
            finding = self._validate(check, proof, order)
            self._slow_down(check, order, [finding])
            self._store.write(lambda unit: self._keep(unit, check, finding))

    def _slow_down(self, check: Check, order: Order, found: Sequence[Finding | CaaFinding]) -> None:
        """Reduce the checks of a domain that does not answer."""
        if not all(each.answered for each in found):
            self._rate_limiter.unanswered(order.uin, KINDS[check.purpose], check.name)

    def _validate(self, check: Check, proof: Proof, order: Order) -> Finding:
        """Check a proof, whose record the desk adds first if the order uses DNS_AUTO."""
        refused, steps = "", []
        if order.adds_records:
            try:
                steps.append(self._records.add(check.proof))
            except NotAdded as error:
                refused = str(error)
                steps.append(refused)
        found = self._validators[ProofKind(proof.kind)].validate(challenge_of(proof))
        missing = refused and found.verdict is not Verdict.PROVED
        return dataclasses.replace(
            found,
            reason=refused if missing else found.reason,
            steps=(*steps, *found.steps),
        )

    def _keep(self, unit: Unit, check: Check, finding: Finding) -> None:
        proof, order = _still_wanted(check, unit)
        if proof is None or order is None:
            return
        proved = finding.verdict is Verdict.PROVED
        good = is_proved(proof, finding.ended_at)
        fresh = proved and not good
        # A validation may be reused for a limited time only (Baseline Requirements 4.2.1); until
        # then, a record that is gone takes nothing away.
        if not proved and not good:
            proof = _without_what_it_had(unit, proof, order)
        changed = replace(
            proof,
            proved_at=finding.ended_at if fresh else proof.proved_at,
            looked_at=finding.ended_at,
            looks=proof.looks + 1,
            verdict=finding.verdict.value,
            reason=finding.reason,
            seen=finding.seen,
        )
        unit.proofs.replace(changed)
        # Later failed checks are not stored: the proof itself shows the last result.
        if proved or proof.looks < self._stored_checks:
            unit.evidence.add(_evidence(proof, proof.kind, finding.verdict.value, finding))
        if fresh:
            note(unit, finding.ended_at, proof, PROVED, f"{proof.name} by {proof.kind}")

    def _keep_caa(self, unit: Unit, check: Check, finding: CaaFinding) -> None:
        proof, order = _still_wanted(check, unit)
        if proof is None or order is None:
            return
        # CAA records are checked once all names are validated and reviews are done (RFC 8659 3).
        if (
            order.waits_for in GOING_ON
            and (after := order.waiting(WaitEvent.NAMES_PROVED)) != order
        ):
            unit.orders.replace(after)
        refusal = "" if finding.permitted else finding.reason or "CAA records forbid it."
        unit.proofs.replace(replace(proof, caa_at=finding.ended_at, caa_reason=refusal))
        unit.evidence.add(_evidence(proof, CAA, 1 if finding.permitted else -1, finding))


def _still_wanted(check: Check, unit: Unit) -> tuple[Proof | None, Order | None]:
    """Return the proof and its order, or None twice if the check is no longer wanted.

    It is not if the order has moved on, or was halted, since the check was asked for.
    """
    order = unit.orders.get(check.certificate_id)
    if order is None or order.proving != check.attempt or order.status not in VALIDATING:
        return None, None
    if is_suspended(unit, order):
        return None, None
    return unit.proofs.get(*check.proof), order


def _without_what_it_had(unit: Unit, proof: Proof, order: Order) -> Proof:
    """Return a proof as not found yet, if its record is gone and it is too old to be relied on.

    Its name then has to be proved again, and its CAA records are checked anew after that.
    """
    if order.waits_for is StatusMessage.WAIT_ISSUE:
        unit.orders.replace(order.waiting(WaitEvent.PROOF_TOO_OLD))
    return replace(proof, proved_at=None, caa_at=None, caa_reason="")


def _names_of(order: Order, proof: Proof) -> list[DomainName]:
    """Return the ordered names that a proof is for: the name itself, its wildcard, or both."""
    names = [DomainName(name) for name in order.ascii_names]
    return [name for name in names if name.base == proof.name]


def _evidence(proof: Proof, kind: str, verdict: int, finding: Finding | CaaFinding) -> Evidence:
    seen = finding.seen if isinstance(finding, Finding) else finding.records
    return Evidence(
        certificate_id=proof.certificate_id,
        attempt=proof.attempt,
        name=proof.name,
        kind=kind,
        verdict=verdict,
        reason=finding.reason,
        seen=seen,
        resolver=finding.resolver,
        secure=finding.secure,
        steps=finding.steps,
        began_at=finding.began_at,
        ended_at=finding.ended_at,
    )


def _when_all(parts: Sequence[Future[None]]) -> Future[None]:
    """Return a future that is done when all parts are; it fails as the first failed part."""
    whole: Future[None] = Future()
    whole.set_running_or_notify_cancel()
    left = len(parts)
    lock = threading.Lock()

    def one_done(part: Future[None]) -> None:
        nonlocal left
        with lock:
            left -= 1
            last, error = left == 0, part.exception()
            if error is not None and not whole.done():
                whole.set_exception(error)
            elif last and not whole.done():
                whole.set_result(None)

    if not parts:
        whole.set_result(None)
    for part in parts:
        part.add_done_callback(one_done)
    return whole
