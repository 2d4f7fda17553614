"""DNS zones that the desk may change for an account, for the operator."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import FailedOperation, InvalidParam, ZoneNotFound
from certdesk.domain.validation.challenge import ProofKind, new_challenge
from certdesk.domain.validation.dns_zone import Zone, zone_name, zone_of
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.names import DomainName, DomainRefused
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.telling import told
from certdesk.engine import Context
from certdesk.operator.lookups import known_account
from certdesk.ports import SettingRefused, Unit, UpdateFailed
from certdesk.wire.model import HiddenParsed, Parsed, Part, Reply, Request, utc_time
from certdesk.wire.operator import zones as asked

MOST_COUNTED = 10_000
"""Records that are looked at to tell how many of them wait to be removed."""


class ZoneInfo(Part):
    """A zone as listed, without its secret settings.

    `records_waiting` are those that the desk tried to remove in vain and will try to again, and
    `last_failure` is why the last of these tries came to nothing, if there are any.
    """

    uin: str
    zone: str
    provider: str
    settings: dict[str, str]
    create_time: str | None
    records_waiting: int
    last_failure: str | None


class ZoneSetting(Part):
    """A setting of a DNS provider."""

    name: str
    value: Parsed


class SecretSetting(Part):
    """A setting that nobody may see."""

    name: str
    value: HiddenParsed


class AddZoneRequest(Request):
    """Which zone of which account, its DNS provider, and the settings of that.

    Where it is `Unchecked`, it is not tried.
    """

    uin: str
    zone: Parsed
    provider: str
    settings: list[ZoneSetting]
    secrets: list[SecretSetting]
    unchecked: bool = False


class AddZoneReply(Reply):
    """The zone as it is kept, and whether it was tried."""

    uin: str
    zone: str
    provider: str
    settings: dict[str, str]
    tried: bool


@catalog.action(FailedOperation, InvalidParam, writes=True, internal=True, sensitive=True)
def add_zone(context: Context, request: AddZoneRequest) -> Commit[AddZoneReply]:
    """Give an account a zone in which the desk adds the records of DNS_AUTO, or new settings.

    It is tried: a TXT record is added and removed again.
    """
    name = _name(request.zone)
    context.desk.store.read(lambda unit: known_account(unit, request.uin))
    kept = _sealed(context, request, name)
    if not request.unchecked:
        _try(context, kept)

    def commit(unit: Unit) -> AddZoneReply:
        known_account(unit, request.uin)
        before = unit.zones.get(kept.uin, kept.name)
        if before is None:
            unit.zones.add(kept)
        else:
            unit.zones.replace(dataclasses.replace(kept, version=before.version))
        context.record(unit, f"zone:{kept.name}", kept.described, uin=kept.uin)
        return AddZoneReply(
            uin=kept.uin,
            zone=kept.name,
            provider=kept.provider,
            settings=dict(kept.settings),
            tried=not request.unchecked,
        )

    return commit


class ListZonesReply(Reply):
    """The zones, by account and name."""

    zones: list[ZoneInfo]


@catalog.action(internal=True)
def list_zones(context: Context, request: asked.ListZonesRequest) -> Commit[ListZonesReply]:
    """List the zones that the desk may change, and what could not be removed from them yet."""

    def look(unit: Unit) -> ListZonesReply:
        zones = unit.zones.where()
        waiting = _waiting(unit, zones, context.now)
        if request.uin is not None:
            uin = known_account(unit, request.uin).uin
            zones = [zone for zone in zones if zone.uin == uin]
        return ListZonesReply(zones=[_info(zone, waiting[zone.uin, zone.name]) for zone in zones])

    return look


class RemoveZoneReply(Reply):
    """The zone that was removed."""

    uin: str
    zone: str


@catalog.action(InvalidParam, writes=True, internal=True)
def remove_zone(context: Context, request: asked.RemoveZoneRequest) -> Commit[RemoveZoneReply]:
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


def _try(context: Context, zone: Zone) -> None:
    """Add a record and remove it again, where a proof of the zone's own name would be.

    So a key that may do no more than is needed will do.

    Raises:
        FailedOperation: the server did not do so; with what it said, and what to do.
    """
    trial = new_challenge(DomainName(zone.name), ProofKind.TXT, context.desk.rng, context.now)
    try:
        context.desk.dns_providers.add(zone, trial)
        context.desk.dns_providers.remove(zone, trial)
    except UpdateFailed as failed:
        raise FailedOperation(
            f"A TXT record at {trial.record} was to be added and removed for a trial. {failed} "
            "Mend that, or give --unchecked to keep the zone as it is."
        ) from None


def _sealed(context: Context, request: AddZoneRequest, name: str) -> Zone:
    zone = Zone(uin=request.uin, name=name, provider=request.provider, created_at=context.now)
    given: dict[str, str | Secret] = {each.name: each.value for each in request.settings}
    given |= {each.name: Secret(each.value) for each in request.secrets}
    try:
        return context.desk.dns_providers.sealed(zone, given)
    except SettingRefused as refused:
        raise InvalidParam(_told_refusal(refused, request, given)) from None


def _told_refusal(
    refused: SettingRefused, request: AddZoneRequest, given: Mapping[str, str | Secret]
) -> str:
    """Word a refusal, with what was given where that may be seen."""
    if refused.setting == "provider":
        return f"Provider: {refused}; got {told(request.provider)}."
    value = given.get(refused.setting)
    if isinstance(value, str):
        return f"Settings.{refused.setting}: {refused}; got {told(value)}."
    return f"Secrets.{refused.setting}: {refused}." if value else f"Settings: {refused}."


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
        provider=zone.provider,
        settings=dict(zone.settings),
        create_time=utc_time(zone.created_at),
        records_waiting=len(waiting),
        last_failure=waiting[-1].reason if waiting else None,
    )
