"""Checks proofs and CAA records.

It also adds the DNS records that the desk publishes itself before they are checked, and removes
them.
"""

from __future__ import annotations

import functools
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from certdesk.domain.orders.findings import Found
from certdesk.domain.orders.lifecycle import VALIDATING
from certdesk.domain.orders.order import Order
from certdesk.domain.validation.challenge import (
    CaaFinding,
    Finding,
    ProofKind,
    Verdict,
    challenge_of,
)
from certdesk.domain.validation.rate_limit import CAA, PROOF
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.record import Record, replace
from certdesk.ports import CaaChecker, Clock, Issuers, Store, Unit, Validator, is_suspended, note
from certdesk.workflow.added_records import AddedRecords, NotAdded
from certdesk.workflow.order_state import Change, Next, OrderState, Rest
from certdesk.workflow.repeating import step_back
from certdesk.workflow.validation_rate_limiter import ValidationRateLimiter

Result = TypeVar("Result")
Whole = TypeVar("Whole")

AT_ONCE = 32
"""The most checks at once."""

OF_AN_ACCOUNT = 4
"""The most checks at once for one account, so that its slow servers do not hold up others."""

TOGETHER = 16
"""The most names of an order that are checked before what was found is stored."""

PROVED = "ProveDomain"
"""The event name in the audit log for a validated name."""


class Stopped(Exception):
    """The desk is stopping, and the check was not made."""


Key: TypeAlias = tuple[str, int, str]
"""The key of a proof: certificate id, attempt and name."""


class _Job(Record, gc=True):
    """A check that waits for its turn, and the future of its result."""

    run: Callable[[], Any]
    outcome: Future[Any]


class ValidationRun:
    """Runs checks on threads of its own.

    What the checks of the background work find goes into the state of the order, which its engine
    stores. What those for requests find is stored at once; one asked for twice runs once.
    """

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
        self._change = threading.RLock()
        self._asked: dict[Key, Future[None]] = {}
        self._waiting: dict[str, deque[_Job]] = defaultdict(deque)
        self._running: dict[str, int] = defaultdict(int)
        self._stopping = False

    def stop(self) -> None:
        """Wait for the checks in progress, and start no more."""
        self._stopping = True
        with self._change:
            waiting = [job for jobs in self._waiting.values() for job in jobs]
            self._waiting.clear()
        for job in waiting:
            job.outcome.set_exception(Stopped())
        self._threads.shutdown()

    def prove(self, state: OrderState, names: Sequence[str]) -> Future[Next] | Rest:
        """Check the proofs of those names that may be checked now; wait if none may be."""
        return self._start_admitted(state, names, PROOF, self._proved)

    def ask_caa(self, state: OrderState, names: Sequence[str]) -> Future[Next] | Rest:
        """Check the CAA records of those names that may be checked now; wait if none may be."""
        return self._start_admitted(state, names, CAA, self._permitted)

    def prove_now(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Check proofs that a request waits for; see `ports.Work`."""
        keys = {name: (order.certificate_id, order.proving, name) for name in names}
        with self._change:
            under_way = [self._asked[key] for key in keys.values() if key in self._asked]
            more = [name for name, key in keys.items() if key not in self._asked]
        admitted = self._rate_limiter.take(order.uin, PROOF, more, in_line=False)
        if not under_way and not admitted.names and admitted.again_at is not None:
            return None
        started = [self._prove_once(order.uin, keys[name]) for name in admitted.names]
        return gathered([*under_way, *started], lambda _: None)

    def remove(self, order: Order, records: Sequence[tuple[int, str]]) -> Future[Next]:
        """Try once to remove the records that the desk added, given by attempt and name."""
        keys = [(order.certificate_id, *record) for record in records]
        jobs = [functools.partial(self._records.remove, key) for key in keys]
        return gathered([self._start(order.uin, job) for job in jobs], lambda _: None)

    def _start_admitted(
        self,
        state: OrderState,
        names: Sequence[str],
        kind: str,
        check: Callable[[Order, Proof], Found],
    ) -> Future[Next] | Rest:
        """Start the checks of some names that may begin now."""
        order, again_at = state.order, []
        for first in range(0, len(names), TOGETHER):
            some = names[first : first + TOGETHER]
            admitted = self._rate_limiter.take(order.uin, kind, some, in_line=True)
            if admitted.names or admitted.again_at is None:
                break
            again_at.append(admitted.again_at)
        else:
            return Rest(state=state, until=min(again_at))
        proofs = [proof for proof in state.proofs if proof.name in admitted.names]
        jobs = [functools.partial(check, order, proof) for proof in proofs]
        return gathered(
            [self._start(order.uin, job) for job in jobs],
            lambda findings: state.with_findings(findings, self._keep),
        )

    def _prove_once(self, uin: str, key: Key) -> Future[None]:
        with self._change:
            if key in self._asked:
                return self._asked[key]
            asked = self._start(uin, functools.partial(self._prove_and_store, key))
            self._asked[key] = asked
        asked.add_done_callback(lambda _: self._asked.pop(key))
        return asked

    def _start(self, uin: str, job: Callable[[], Result]) -> Future[Result]:
        outcome: Future[Result] = Future()
        with self._change:
            if self._stopping:
                raise Stopped
            self._waiting[uin].append(_Job(job, outcome))
            self._begin(uin)
        return outcome

    def _begin(self, uin: str) -> None:
        """Start the checks of an account that may run now; the caller holds the lock."""
        waiting = self._waiting[uin]
        while waiting and self._running[uin] < OF_AN_ACCOUNT:
            self._running[uin] += 1
            self._threads.submit(self._carry_out, uin, waiting.popleft())
        if not waiting and not self._running[uin]:
            del self._waiting[uin], self._running[uin]

    def _carry_out(self, uin: str, job: _Job) -> None:
        try:
            if self._stopping:
                raise Stopped  # noqa: TRY301 -- reported like any other failure
            result = job.run()
        except Exception as error:  # noqa: BLE001 -- the caller that asked for the check gets it
            self._ended(uin)
            job.outcome.set_exception(error)
        else:
            self._ended(uin)
            job.outcome.set_result(result)

    def _ended(self, uin: str) -> None:
        with self._change:
            self._running[uin] -= 1
            self._begin(uin)

    def _prove_and_store(self, key: Key) -> None:
        order, proof = self._store.read(functools.partial(_still_wanted, key))
        if order is None or proof is None:
            return
        found = self._proved(order, proof)
        self._store.write(functools.partial(self._keep_alone, key, found))

    def _keep_alone(self, key: Key, found: Found, unit: Unit) -> None:
        order, proof = _still_wanted(key, unit)
        if order is None or proof is None:
            return
        found = replace(found, proof=proof)
        after = found.order_after(order)
        if after is not order:
            unit.orders.replace(after)
        unit.proofs.replace(found.after)
        self._keep(found)(unit, order)

    def _keep(self, found: Found) -> Change:
        """Return what stores the result of a check beside its proof."""

        def keep(unit: Unit, order: Order) -> Order:
            evidence = found.evidence(self._stored_checks)
            if evidence is not None:
                unit.evidence.add(evidence)
            if found.newly_proved:
                proof, at = found.proof, found.finding.ended_at
                note(unit, at, proof, PROVED, f"{proof.name} by {proof.kind}")
            return order

        return keep

    def _permitted(self, order: Order, proof: Proof) -> Found:
        """Check the CAA records for the names of a proof."""
        identity = self._issuers[proof.issuer].caa
        findings = [
            self._caa.check(name, ProofKind(proof.kind), identity)
            for name in _names_of(order, proof)
        ]
        self._slow_down(order, proof, CAA, findings)
        return Found(proof, next((each for each in findings if not each.permitted), findings[0]))

    def _proved(self, order: Order, proof: Proof) -> Found:
        """Check a proof, whose record the desk adds first if the order uses DNS_AUTO."""
        refused, added = "", ""
        if order.adds_records:
            key = (proof.certificate_id, proof.attempt, proof.name)
            try:
                added = self._records.add(key)
            except NotAdded as error:
                refused = str(error)
            # That it may be there was stored with the proof.
            proof = self._store.read(lambda unit: unit.proofs.get(*key)) or proof
        finding = self._validators[ProofKind(proof.kind)].validate(challenge_of(proof))
        self._slow_down(order, proof, PROOF, [finding])
        missing = refused and finding.verdict is not Verdict.PROVED
        reason = refused if missing else finding.reason
        steps = [step for step in (added or refused, *finding.steps) if step]
        return Found(proof, replace(finding, reason=reason, steps=tuple(steps)))

    def _slow_down(
        self, order: Order, proof: Proof, kind: str, findings: Sequence[Finding | CaaFinding]
    ) -> None:
        """Reduce the checks of a domain that does not answer."""
        if not all(each.answered for each in findings):
            self._rate_limiter.unanswered(order.uin, kind, proof.name)


def _still_wanted(key: Key, unit: Unit) -> tuple[Order | None, Proof | None]:
    """Return an order and its proof, or None twice if the check is no longer wanted.

    It is not if the order has moved on, or was halted, since the check was asked for.
    """
    certificate_id, attempt, _ = key
    order = unit.orders.get(certificate_id)
    if order is None or order.proving != attempt or order.status not in VALIDATING:
        return None, None
    if is_suspended(unit, order):
        return None, None
    return order, unit.proofs.get(*key)


def _names_of(order: Order, proof: Proof) -> list[DomainName]:
    """Return the ordered names that a proof is for: the name itself, its wildcard, or both."""
    names = [DomainName(name) for name in order.ascii_names]
    return [name for name in names if name.base == proof.name]


def gathered(
    parts: Sequence[Future[Result]], join: Callable[[list[Result]], Whole]
) -> Future[Whole]:
    """Return a future of what `join` makes of all parts; it fails if one of them does."""
    whole: Future[Whole] = Future()
    whole.set_running_or_notify_cancel()
    left = len(parts)
    lock = threading.Lock()

    def one_done(_: object) -> None:
        nonlocal left
        with lock:
            left -= 1
            if left > 0:
                return
        try:
            whole.set_result(join([each.result() for each in parts]))
        except Exception as error:  # noqa: BLE001 -- those who wait for all of it get the error
            whole.set_exception(error)

    for part in parts:
        part.add_done_callback(one_done)
    if not parts:
        one_done(None)
    return whole
