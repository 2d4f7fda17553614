"""DNS zones that the desk may change for an account, for the operator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import FailedOperation, InvalidParam, ZoneNotFound
from certdesk.domain.validation.challenge import ProofKind, new_challenge
from certdesk.domain.validation.dns_zone import Zone, zone_name, zone_of
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.names import DomainName, DomainRefused
from certdesk.domain.values.record import replace
from certdesk.domain.values.redaction import redacted
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.operator.lookups import known_account
from certdesk.ports import SettingRefused, Unit, UpdateFailed
from certdesk.wire.model import HiddenParsed, Parsed, Part, Reply, Request, utc_time
from certdesk.wire.operator import zones as asked

MOST_COUNTED = 10_000
"""The most records counted among those that wait to be removed."""


class ZoneInfo(Part):
    """A zone as listed, without its secret settings.

    `records_waiting` counts the records that the desk could not remove and will try again;
    `last_failure` is why the last attempt failed, if any did.
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
    """A setting that is never shown."""

    name: str
    value: HiddenParsed


class AddZoneRequest(Request):
    """The zone, its account, its DNS provider and the provider's settings.

    With `Unchecked`, the zone is not tried.
    """

    uin: str
    zone: Parsed
    provider: str
    settings: list[ZoneSetting]
    secrets: list[SecretSetting]
    unchecked: bool = False


class AddZoneReply(Reply):
    """The zone as stored, and whether it was tried."""

    uin: str
    zone: str
    provider: str
    settings: dict[str, str]
    tried: bool


@catalog.action(FailedOperation, InvalidParam, writes=True, internal=True, sensitive=True)
def add_zone(context: Context, request: AddZoneRequest) -> Commit[AddZoneReply]:
    """Let the desk add DNS_AUTO records in a zone for an account, or change the zone's settings.

    The zone is tried: a TXT record is added and removed again.
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
            unit.zones.replace(replace(kept, version=before.version))
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
    """List the zones that the desk may change, with the records that it could not remove yet."""

    def read(unit: Unit) -> ListZonesReply:
        zones = unit.zones.where()
        waiting = _waiting(unit, zones, context.now)
        if request.uin is not None:
            uin = known_account(unit, request.uin).uin
            zones = [zone for zone in zones if zone.uin == uin]
        return ListZonesReply(zones=[_info(zone, waiting[zone.uin, zone.name]) for zone in zones])

    return read


class RemoveZoneReply(Reply):
    """The zone that was removed."""

    uin: str
    zone: str


@catalog.action(InvalidParam, writes=True, internal=True)
def remove_zone(context: Context, request: asked.RemoveZoneRequest) -> Commit[RemoveZoneReply]:
    """Remove a zone from an account; records that the desk has added there stay."""
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
        raise InvalidParam(f"Zone: {refused.rule}; got {redacted(text)}.") from None


def _try(context: Context, zone: Zone) -> None:
    """Add a record at the zone's own validation name, and remove it again.

    A key that may change only validation records is therefore enough.

    Raises:
        FailedOperation: the server refused or did not answer; with its answer, and what to do.
    """
    trial = new_challenge(DomainName(zone.name), ProofKind.TXT, context.desk.rng, context.now)
    try:
        context.desk.dns_providers.add(zone, trial)
        context.desk.dns_providers.remove(zone, trial)
    except UpdateFailed as failed:
        raise FailedOperation(
            f"The desk tried to add and remove a TXT record at {trial.record}. {failed} Fix "
            "that, or use --unchecked to keep the zone as it is."
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
    """Return the error for a refused setting, with its value unless that is secret."""
    if refused.setting == "provider":
        return f"Provider: {refused}; got {redacted(request.provider)}."
    value = given.get(refused.setting)
    if isinstance(value, str):
        return f"Settings.{refused.setting}: {refused}; got {redacted(value)}."
    return f"Secrets.{refused.setting}: {refused}." if value else f"Settings: {refused}."


def _waiting(
    unit: Unit, zones: Sequence[Zone], now: datetime
) -> Mapping[tuple[str, str], Sequence[Proof]]:
    """Return the proofs whose records could not be removed, by zone, oldest attempt first."""
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
