"""DNS providers: who changes the records of a zone, and with which settings.

A provider is one class. How its settings are given is declared by the parameters of its `settings`,
and how they are kept by the type that this returns. Options of commands, what is sealed and what is
shown follow from these types:

    class Example:
        name = "example"

        def settings(
            self,
            *,
            customer: Annotated[str, Given("NUMBER", "Who asks.")],
            token: Annotated[Secret, Given("FILE", "What the provider knows the desk by.")],
        ) -> ExampleSettings: ...

The options are `--customer NUMBER` and `--token-file FILE`: a secret is never typed.
"""

from __future__ import annotations

import base64
import dataclasses
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from certdesk.domain.validation.challenge import Challenge
from certdesk.domain.validation.dns_zone import Zone
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.secret import Secret
from certdesk.ports.vault import Vault, place_of_zone

S = TypeVar("S")


class UpdateFailed(Exception):
    """A zone was not changed, or it is unknown whether it was; the text says why in plain words."""


class SettingRefused(ValueError):
    """A setting breaks a rule; the text has the rule without the value. No `setting` means all."""

    def __init__(self, setting: str, rule: str) -> None:
        """Keep the setting and the rule."""
        super().__init__(rule)
        self.setting = setting


class DnsProvider(Protocol[S]):
    """Adds the records of proofs by DNS to zones. Safe to use from several threads.

    `settings` makes a dataclass, each field of which is a `str` that may be shown or a `Secret`, of
    keyword parameters that are the one or the other, each with a `Given`. It raises
    `SettingRefused`.

    `add` and `remove` take 5 seconds at most, and may be called again: the outcome is the same.
    """

    @property
    def name(self) -> str:
        """The name that is stored with zones."""
        ...

    @property
    def settings(self) -> Callable[..., S]:
        """The function that makes settings from what an operator gives."""
        ...

    def add(self, zone: str, settings: S, challenge: Challenge) -> None:
        """Ensure that the challenge's record is in the zone, beside any others.

        Raises:
            UpdateFailed: its server did not do so.
        """
        ...

    def remove(self, zone: str, settings: S, challenge: Challenge) -> None:
        """Ensure that the challenge's record is not in the zone; leave others at its name alone.

        Raises:
            UpdateFailed: its server did not do so.
        """
        ...


class Given(Record):
    """How a command shows a setting: the placeholder of its value, and one line of help."""

    metavar: str
    help: str


class Setting(Record):
    """A setting as an operator gives it; a `secret` is the text of a file, line end included."""

    name: str
    secret: bool
    given: Given


def settings_of(provider: DnsProvider[Any]) -> tuple[Setting, ...]:
    """Return the settings that a provider takes, in the order of their declaration."""
    hints = typing.get_type_hints(provider.settings, include_extras=True)
    del hints["return"]
    return tuple(
        Setting(name, hint.__origin__ is Secret, *hint.__metadata__) for name, hint in hints.items()
    )


class DnsProviders:
    """The DNS providers by name: the only way to seal the settings of a zone and to use them."""

    def __init__(self, vault: Vault, providers: Iterable[DnsProvider[Any]]) -> None:
        """Seal with `vault`."""
        self._vault = vault
        self._providers = {provider.name: provider for provider in providers}

    def sealed(self, zone: Zone, given: Mapping[str, str | Secret]) -> Zone:
        """Return the zone with the settings that were given, checked by its provider.

        Raises:
            SettingRefused: there is no such provider, or it does not take these settings.
            VaultError: as `Vault.seal`.
        """
        settings = _checked(self._provider(zone), given)
        clear, secrets = [], []
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            if isinstance(value, Secret):
                sealed = self._vault.seal(value, place_of_zone(zone, field.name))
                secrets.append((field.name, base64.b64encode(sealed).decode()))
            else:
                clear.append((field.name, value))
        return replace(zone, settings=tuple(clear), secrets=tuple(secrets))

    def add(self, zone: Zone, challenge: Challenge) -> None:
        """Ensure that the challenge's record is in the zone, as `DnsProvider.add`."""
        provider, settings = self._opened(zone)
        provider.add(zone.name, settings, challenge)

    def remove(self, zone: Zone, challenge: Challenge) -> None:
        """Ensure that the challenge's record is not in the zone, as `DnsProvider.remove`."""
        provider, settings = self._opened(zone)
        provider.remove(zone.name, settings, challenge)

    def _opened(self, zone: Zone) -> tuple[DnsProvider[Any], Any]:
        try:
            provider = self._provider(zone)
        except SettingRefused as refused:
            raise UpdateFailed(f"The provider of the zone {zone.name} {refused}.") from None
        secrets = {
            name: self._vault.open(base64.b64decode(sealed), place_of_zone(zone, name))
            for name, sealed in zone.secrets
        }
        kind = typing.get_type_hints(provider.settings)["return"]
        return provider, kind(**dict(zone.settings), **secrets)

    def _provider(self, zone: Zone) -> DnsProvider[Any]:
        if zone.provider not in self._providers:
            raise SettingRefused("provider", f"must be one of {', '.join(self._providers)}")
        return self._providers[zone.provider]


def _checked(provider: DnsProvider[Any], given: Mapping[str, str | Secret]) -> Any:  # noqa: ANN401 -- the provider's own type
    wanted = settings_of(provider)
    taken = {setting.name: setting.secret for setting in wanted}
    if taken != {name: isinstance(value, Secret) for name, value in given.items()}:
        kinds = (f"{each.name} (a secret)" if each.secret else each.name for each in wanted)
        raise SettingRefused("", f"{provider.name} accepts {', '.join(kinds)}, and nothing else")
    return provider.settings(**given)
