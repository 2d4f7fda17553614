"""The DNS records of challenges that the desk publishes itself, and removes when they are done.

The desk stores that a record may exist before it adds it, so a crash loses track of none. A record
is removed only when the update that may have added it is certainly over (`steps.SENT_FOR`).
"""

from __future__ import annotations

import structlog

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import MOST_REMOVALS, RECORDS_WANTED, is_wanted
from certdesk.domain.validation.challenge import challenge_of
from certdesk.domain.validation.dns_zone import Zone, zone_of
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.record import replace
from certdesk.ports import Clock, DnsProviders, Store, Unit, UpdateFailed, is_suspended, note

Key = tuple[str, int, str]
"""The key of a proof: certificate id, attempt and name."""

log = structlog.get_logger()


class NotAdded(Exception):
    """A record could not be added; the text says why, and what to do."""


class AddedRecords:
    """Adds and removes records, each in the zone of the order's account that covers its name."""

    def __init__(self, store: Store, clock: Clock, providers: DnsProviders) -> None:
        """Work with these parts."""
        self._store = store
        self._clock = clock
        self._providers = providers

    def add(self, key: Key) -> str:
        """Add the record of a proof to its zone if it is still needed, and return what was done.

        Raises:
            NotAdded: the record could not be added.
        """
        proof, zone = self._store.write(lambda unit: self._about_to_add(unit, key))
        if proof is None:
            return "the record is no longer needed"
        challenge = challenge_of(proof)
        if zone is None:
            raise NotAdded(
                "The account no longer has a DNS zone in which the desk may add "
                f"{challenge.record}. Add the zone again (certdesk zone add), or publish a "
                f"{proof.kind} record there with the value {challenge.value}."
            )
        try:
            self._providers.add(zone, challenge)
        except UpdateFailed as failed:
            raise NotAdded(
                f"The desk could not add the {proof.kind} record of {challenge.record}. {failed}"
            ) from None
        return f"{proof.kind} record of {challenge.record} added through {zone.described}"

    def remove(self, key: Key) -> None:
        """Try once to remove the record of a proof that is no longer needed."""
        proof, zone = self._store.read(lambda unit: _to_remove(unit, key))
        if proof is None:
            return
        failure = ""
        if zone is None:
            failure = "The account no longer has a DNS zone in which the desk could remove it."
        else:
            try:
                self._providers.remove(zone, challenge_of(proof))
            except UpdateFailed as failed:
                failure = str(failed)
        self._store.write(lambda unit: self._tried(unit, key, failure, final=zone is None))

    def _about_to_add(self, unit: Unit, key: Key) -> tuple[Proof | None, Zone | None]:
        order, proof = unit.orders.get(key[0]), unit.proofs.get(*key)
        if order is None or proof is None or not _is_for(order, proof):
            return None, None
        if is_suspended(unit, order):
            return None, None
        zone = zone_of(proof.name, unit.zones.where(uin=order.uin))
        if zone is None:
            return proof, None
        if proof.added_at is None:
            note(
                unit,
                self._clock.now(),
                proof,
                "AddRecord",
                f"{challenge_of(proof).record} in {zone.name}",
            )
        now = self._clock.now()
        noted = replace(proof, added_at=now, removals=0, removal_at=None)
        return unit.proofs.replace(noted), zone

    def _tried(self, unit: Unit, key: Key, failure: str, *, final: bool) -> None:
        """Store the result of an attempt to remove a record."""
        proof = unit.proofs.get(*key)
        if proof is None or proof.added_at is None:
            return
        record, removals = challenge_of(proof).record, proof.removals + 1
        if failure and not final and removals < MOST_REMOVALS:
            log.warning("a record was not removed", certificate=key[0], record=record, why=failure)
            again = replace(proof, removals=removals, removal_at=self._clock.now())
            unit.proofs.replace(replace(again, reason=failure))
            return
        unit.proofs.replace(
            replace(proof, added_at=None, removals=0, removal_at=None, reason=failure)
        )
        if failure:
            log.warning("a record stays", certificate=key[0], record=record, why=failure)
            note(unit, self._clock.now(), proof, "LeaveRecord", f"{record}: {failure}")
        else:
            note(unit, self._clock.now(), proof, "RemoveRecord", record)


def _is_for(order: Order, proof: Proof) -> bool:
    """Whether the record of a proof should be added now."""
    return order.adds_records and order.status in RECORDS_WANTED and proof.attempt == order.proving


def _to_remove(unit: Unit, key: Key) -> tuple[Proof | None, Zone | None]:
    order, proof = unit.orders.get(key[0]), unit.proofs.get(*key)
    if order is None or proof is None or proof.added_at is None or is_wanted(order, proof):
        return None, None
    if is_suspended(unit, order):
        return None, None
    return proof, zone_of(proof.name, unit.zones.where(uin=order.uin))
