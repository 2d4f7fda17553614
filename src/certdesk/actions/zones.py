"""DNS zones that the desk may change for an account, for the operator."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from certdesk.actions.naming import known_account
from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.errors import AccountNotFound, FailedOperation, InvalidParam, ZoneNotFound
from certdesk.domain.names import DomainName, DomainRefused
from certdesk.domain.proof import ProofKind, new_challenge
from certdesk.domain.records import Proof
from certdesk.domain.telling import told
from certdesk.domain.zones import (
    KeyRefused,
    OpenZone,
    TsigKey,
    Zone,
    parse_key,
    server_address,
    zone_name,
    zone_of,
)
from certdesk.ports import Unit, UpdateFailed, place_of_zone
from certdesk.wire.model import HiddenParsed, Parsed, Part, Reply, Request, utc_time

MOST_COUNTED = 10_000
"""Records that are looked at to tell how many of them wait to be removed."""


class ZoneInfo(Part):
    """A zone as listed; of its key only the name is shown.

    `records_waiting` are those that the desk tried to remove in vain and will try to again, and
    `last_failure` is why the last of these tries came to nothing, if there are any.
    """

    uin: str
    zone: str
    server: str
    key_name: str
    algorithm: str
    create_time: str | None
    records_waiting: int
    last_failure: str | None


class AddZoneRequest(Request):
    """Which zone of which account, its server, and the key (in the form of BIND) to sign with.

    Where it is `Unchecked`, it is not tried.
    """

    uin: str
    zone: Parsed
    server: str
    key: HiddenParsed
    unchecked: bool = False


class AddZoneReply(Reply):
    """The zone as it is kept, and whether it was tried."""

    uin: str
    zone: str
    server: str
    key_name: str
    algorithm: str
    tried: bool


@catalog.action(
    AccountNotFound, FailedOperation, InvalidParam, writes=True, internal=True, sensitive=True
)
def add_zone(context: Context, request: AddZoneRequest) -> Commit[AddZoneReply]:
    """Give an account a zone in which the desk adds the records of DNS_AUTO, or a new key for it.

    It is tried: a TXT record is added and removed again.
    """
    zone = OpenZone(name=_name(request.zone), server=_server(request.server), key=_key(request.key))
    context.store.read(lambda unit: known_account(unit, request.uin))
    if not request.unchecked:
        _try(context, zone)
    kept = _sealed(context, request.uin, zone)

    def commit(unit: Unit) -> AddZoneReply:
        known_account(unit, request.uin)
        before = unit.zones.get(kept.uin, kept.name)
        if before is None:
            unit.zones.add(kept)
        else:
            unit.zones.replace(dataclasses.replace(kept, version=before.version))
        detail = f"{kept.server} key {kept.key_name}"
        context.record(unit, f"zone:{kept.name}", detail, uin=kept.uin)
        return AddZoneReply(
            uin=kept.uin,
            zone=kept.name,
            server=kept.server,
            key_name=kept.key_name,
            algorithm=kept.algorithm,
            tried=not request.unchecked,
        )

    return commit


class ListZonesRequest(Request):
    """Of which account; of all where it is absent."""

    uin: str | None = None


class ListZonesReply(Reply):
    """The zones, by account and name."""

    zones: list[ZoneInfo]


@catalog.action(AccountNotFound, internal=True)
def list_zones(context: Context, request: ListZonesRequest) -> Commit[ListZonesReply]:
    """List the zones that the desk may change, and what could not be removed from them yet."""

    def look(unit: Unit) -> ListZonesReply:
        zones = unit.zones.where()
        waiting = _waiting(unit, zones, context.now)
        if request.uin is not None:
            uin = known_account(unit, request.uin).uin
            zones = [zone for zone in zones if zone.uin == uin]
        return ListZonesReply(zones=[_info(zone, waiting[zone.uin, zone.name]) for zone in zones])

    return look


class RemoveZoneRequest(Request):
    """Which zone of which account."""

    uin: str
    zone: Parsed


class RemoveZoneReply(Reply):
    """The zone that was removed."""

    uin: str
    zone: str


@catalog.action(AccountNotFound, InvalidParam, ZoneNotFound, writes=True, internal=True)
def remove_zone(context: Context, request: RemoveZoneRequest) -> Commit[RemoveZoneReply]:
    """Take a zone from an account; what the desk has added there stays."""
    name = _name(request.zone)

    def commit(unit: Unit) -> RemoveZoneReply:
        account = known_account(unit, request.uin)
        if not unit.zones.remove(account.uin, name):
            raise ZoneNotFound(f"The account {account.uin} has no zone {name}.")
        context.record(unit, f"zone:{name}", uin=account.uin)
        return RemoveZoneReply(uin=account.uin, zone=name)

    return commit


def _name(text: str) -> str:
    try:
        return zone_name(text)
    except DomainRefused as refused:
        raise InvalidParam(f"Zone: {refused.rule}; got {told(text)}.") from None


def _server(text: str) -> str:
    try:
        return server_address(text)
    except ValueError as error:
        raise InvalidParam(f"Server: {error}; got {told(text)}.") from None


def _key(text: str) -> TsigKey:
    try:
        return parse_key(text)
    except KeyRefused as refused:
        raise InvalidParam(f"Key: {refused}.") from None


def _try(context: Context, zone: OpenZone) -> None:
    """Add a record and remove it again, where a proof of the zone's own name would be.

    So a key that may do no more than is needed will do.

    Raises:
        FailedOperation: the server did not do so; with what it said, and what to do.
    """
    trial = new_challenge(DomainName(zone.name), ProofKind.TXT, context.rng, context.now)
    try:
        context.record_keeper.add(zone, trial)
        context.record_keeper.remove(zone, trial)
    except UpdateFailed as failed:
        raise FailedOperation(
            f"A TXT record at {trial.record} was to be added and removed for a trial. {failed} "
            "Mend that, or give --unchecked to keep the zone as it is."
        ) from None


def _sealed(context: Context, uin: str, zone: OpenZone) -> Zone:
    kept = Zone(
        uin=uin,
        name=zone.name,
        server=zone.server,
        key_name=zone.key.name,
        algorithm=zone.key.algorithm,
        secret=b"",
        created_at=context.now,
    )
    secret = context.vault.seal(zone.key.secret, place_of_zone(kept))
    return dataclasses.replace(kept, secret=secret)


def _waiting(
    unit: Unit, zones: Sequence[Zone], now: datetime
) -> Mapping[tuple[str, str], Sequence[Proof]]:
    """Give the proofs whose records could not be removed, by the zone, the last tried last."""
    waiting = defaultdict(list)
    for proof in unit.proofs.due("removal_at", now, MOST_COUNTED):
        zone = zone_of(proof.name, [each for each in zones if each.uin == proof.uin])
        if zone is not None:
            waiting[zone.uin, zone.name].append(proof)
    return waiting


def _info(zone: Zone, waiting: Sequence[Proof]) -> ZoneInfo:
    return ZoneInfo(
        uin=zone.uin,
        zone=zone.name,
        server=zone.server,
        key_name=zone.key_name,
        algorithm=zone.algorithm,
        create_time=utc_time(zone.created_at),
        records_waiting=len(waiting),
        last_failure=waiting[-1].reason if waiting else None,
    )
