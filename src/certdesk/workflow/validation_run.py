"""Looks for proofs and CAA records, and keeps what was found.

The records that the desk adds by itself are added before they are looked for, and removed here too.
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

from certdesk.domain.orders.lifecycle import LOOKED_FOR, StatusMessage, WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import GOING_ON, is_proved
from certdesk.domain.validation.challenge import (
    CaaFinding,
    Finding,
    ProofKind,
    Verdict,
    challenge_of,
)
from certdesk.domain.validation.look_pace import CAA, PROOF
from certdesk.domain.validation.records import Evidence, Proof
from certdesk.domain.values.names import DomainName
from certdesk.ports import CaaChecker, Clock, Issuers, Store, Unit, Validator, note, stands_still
from certdesk.workflow.added_records import AddedRecords, NotAdded
from certdesk.workflow.pacing import LookPacing
from certdesk.workflow.repeating import step_back

AT_ONCE = 32
"""Looks under way together."""

OF_AN_ACCOUNT = 4
"""Of them for one account, so that no one's slow servers hold up everyone else's."""

PROVED = "ProveDomain"
"""The audit log's word for a proved name."""


class Stopped(Exception):
    """The desk is ending; what was asked for was not looked for."""


class Purpose(enum.Enum):
    """What is to be done about a name."""

    PROOF = "look for its proof"
    CAA = "look for its CAA records"
    REMOVAL = "remove the record that the desk has added for it"


KINDS = {Purpose.PROOF: PROOF, Purpose.CAA: CAA}
"""How looks are counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One look at a name of an order's attempt, or the removal of its record."""

    certificate_id: str
    attempt: int
    name: str
    purpose: Purpose

    @property
    def proof(self) -> tuple[str, int, str]:
        """The key of the proof."""
        return self.certificate_id, self.attempt, self.name


class ValidationRun:
    """Carries looks out on threads of its own; the same look asked for twice is one."""

    def __init__(  # noqa: PLR0913 -- it works with all that looks
        self,
        store: Store,
        clock: Clock,
        *,
        validators: Mapping[ProofKind, Validator],
        caa: CaaChecker,
        issuers: Issuers,
        records: AddedRecords,
        pacing: LookPacing,
        kept_looks: int,
    ) -> None:
        """Prepare; threads are started when there is something to look for.

        Of looks in vain at one proof the first `kept_looks` are kept.
        """
        self._store = store
        self._clock = clock
        self._provers = validators
        self._caa = caa
        self._issuers = issuers
        self._records = records
        self._pacing = pacing
        self._kept_looks = kept_looks
        self._threads = ThreadPoolExecutor(AT_ONCE, "look", initializer=step_back)
        self._change = threading.Lock()
        self._asked: dict[Check, Future[None]] = {}
        self._waiting: dict[str, deque[Check]] = defaultdict(deque)
        self._running: dict[str, int] = defaultdict(int)
        self._stopping = False

    def stop(self) -> None:
        """Let the looks under way end, and begin no more."""
        self._stopping = True
        with self._change:
            waiting = [look for looks in self._waiting.values() for look in looks]
            self._waiting.clear()
            left = [self._asked.pop(look) for look in waiting]
        for asked in left:
            asked.set_exception(Stopped())
        self._threads.shutdown()

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | datetime:
        """Look for the proofs of those of these names that may be looked at now.

        Where none may, it gives the time at which to ask again.
        """
        return self._paced(order, names, Purpose.PROOF)

    def prove_now(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Look for proofs that somebody waits for; see `ports.Work`."""
        looks = self._paced(order, names, Purpose.PROOF, in_line=False)
        return looks if isinstance(looks, Future) else None

    def ask_caa(self, order: Order, names: Sequence[str]) -> Future[None] | datetime:
        """Look for the CAA records of those of these names that may be looked at now.

        Where none may, it gives the time at which to ask again.
        """
        return self._paced(order, names, Purpose.CAA)

    def remove(self, order: Order, records: Sequence[tuple[int, str]]) -> Future[None]:
        """Try once to remove the records that the desk added, by attempt and name."""
        looks = [Check(order.certificate_id, *record, Purpose.REMOVAL) for record in records]
        return _when_all([self._ask(order.uin, look) for look in looks])

    def _paced(
        self, order: Order, names: Sequence[str], purpose: Purpose, *, in_line: bool = True
    ) -> Future[None] | datetime:
        """Begin the looks that may begin now; those that are under way are not counted again."""
        looks = {name: Check(order.certificate_id, order.proving, name, purpose) for name in names}
        with self._change:
            under_way = [self._asked[look] for look in looks.values() if look in self._asked]
            more = [name for name, look in looks.items() if look not in self._asked]
        turn = self._pacing.take(order.uin, KINDS[purpose], more, in_line=in_line)
        if not under_way and not turn.names and turn.again_at is not None:
            return turn.again_at
        return _when_all([*under_way, *(self._ask(order.uin, looks[name]) for name in turn.names)])

    def _ask(self, uin: str, look: Check) -> Future[None]:
        with self._change:
            asked = self._asked.get(look)
            if self._stopping:
                raise Stopped
            if asked is None:
                asked = self._asked[look] = Future()
                self._waiting[uin].append(look)
                self._begin(uin)
            return asked

    def _begin(self, uin: str) -> None:
        """Start what may run now of an account's looks; called with the lock."""
        waiting = self._waiting[uin]
        while waiting and self._running[uin] < OF_AN_ACCOUNT:
            self._running[uin] += 1
            self._threads.submit(self._carry_out, uin, waiting.popleft())
        if not waiting and not self._running[uin]:
            del self._waiting[uin], self._running[uin]

    def _carry_out(self, uin: str, look: Check) -> None:
        try:
            if self._stopping:
                raise Stopped  # noqa: TRY301 -- told like any other failure
            self._look(look)
        except Exception as error:  # noqa: BLE001 -- whoever asked for the look gets it
            outcome: Exception | None = error
        else:
            outcome = None
        with self._change:
            asked = self._asked.pop(look)
            self._running[uin] -= 1
            self._begin(uin)
        if outcome is None:
            asked.set_result(None)
        else:
            asked.set_exception(outcome)

    def _look(self, look: Check) -> None:
        if look.purpose is Purpose.REMOVAL:
            self._records.remove(look.proof)
            return
        proof, order = self._store.read(functools.partial(_still_wanted, look))
        if proof is None or order is None:
            return
        if look.purpose is Purpose.CAA:
            identity = self._issuers[proof.issuer].caa
            found = [
                self._caa.look(name, ProofKind(proof.kind), identity)
                for name in _names_of(order, proof)
            ]
            worst = next((each for each in found if not each.permitted), found[0])
            self._slow_down(look, order, found)
            self._store.write(lambda unit: self._keep_caa(unit, look, worst))
        else:
            finding = self._proof_look(look, proof, order)
            self._slow_down(look, order, [finding])
            self._store.write(lambda unit: self._keep(unit, look, finding))

    def _slow_down(self, look: Check, order: Order, found: Sequence[Finding | CaaFinding]) -> None:
        """Have fewer looks at a domain that does not answer."""
        if not all(each.answered for each in found):
            self._pacing.unanswered(order.uin, KINDS[look.purpose], look.name)

    def _proof_look(self, look: Check, proof: Proof, order: Order) -> Finding:
        """Look for a proof, whose record the desk adds before where that is its to do."""
        refused, steps = "", []
        if order.adds_records:
            try:
                steps.append(self._records.add(look.proof))
            except NotAdded as error:
                refused = str(error)
                steps.append(refused)
        found = self._provers[ProofKind(proof.kind)].look(challenge_of(proof))
        missing = refused and found.verdict is not Verdict.PROVED
        return dataclasses.replace(
            found,
            reason=refused if missing else found.reason,
            steps=(*steps, *found.steps),
        )

    def _keep(self, unit: Unit, look: Check, finding: Finding) -> None:
        proof, order = _still_wanted(look, unit)
        if proof is None or order is None:
            return
        proved = finding.verdict is Verdict.PROVED
        good = is_proved(proof, finding.ended_at)
        fresh = proved and not good
        if not proved and not good:
            proof = _without_what_it_had(unit, proof, order)
        changed = dataclasses.replace(
            proof,
            proved_at=finding.ended_at if fresh else proof.proved_at,
            looked_at=finding.ended_at,
            looks=proof.looks + 1,
            verdict=finding.verdict.value,
            reason=finding.reason,
            seen=finding.seen,
        )
        unit.proofs.replace(changed)
        # What is found in vain again and again is shown by the proof itself.
        if proved or proof.looks < self._kept_looks:
            unit.evidence.add(_evidence(proof, proof.kind, finding.verdict.value, finding))
        if fresh:
            note(unit, finding.ended_at, proof, PROVED, f"{proof.name} by {proof.kind}")

    def _keep_caa(self, unit: Unit, look: Check, finding: CaaFinding) -> None:
        proof, order = _still_wanted(look, unit)
        if proof is None or order is None:
            return
        # CAA records are looked for when every name is proved and people are done.
        if (
            order.waits_for in GOING_ON
            and (after := order.waiting(WaitEvent.NAMES_PROVED)) != order
        ):
            unit.orders.replace(after)
        refusal = "" if finding.permitted else finding.reason or "CAA records refuse."
        unit.proofs.replace(dataclasses.replace(proof, caa_at=finding.ended_at, caa_reason=refusal))
        unit.evidence.add(_evidence(proof, CAA, 1 if finding.permitted else -1, finding))


def _still_wanted(look: Check, unit: Unit) -> tuple[Proof | None, Order | None]:
    """Read the proof and its order, unless the order has gone on since the look was asked for.

    Nothing is wanted either for an order that stands still since then.
    """
    order = unit.orders.get(look.certificate_id)
    if order is None or order.proving != look.attempt or order.status not in LOOKED_FOR:
        return None, None
    if stands_still(unit, order):
        return None, None
    return unit.proofs.get(*look.proof), order


def _without_what_it_had(unit: Unit, proof: Proof, order: Order) -> Proof:
    """Give a proof, which is not there any more and too old to be relied on, as not found yet.

    So its name is the owner's concern again, and CAA records are asked anew when it is proved.
    """
    if order.waits_for is StatusMessage.WAIT_ISSUE:
        unit.orders.replace(order.waiting(WaitEvent.PROOF_TOO_OLD))
    return dataclasses.replace(proof, proved_at=None, caa_at=None, caa_reason="")


def _names_of(order: Order, proof: Proof) -> list[DomainName]:
    """Give the ordered names that a proof is for: the name itself, its wildcard, or both."""
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
    """Give a future that is done when all are; the first failure is its own."""
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
