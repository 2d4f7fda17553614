"""DNS zones in which the desk may add records for an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from certdesk.domain.values.free_text import Code
from certdesk.domain.values.names import DomainRefused, ascii_form
from certdesk.domain.values.record import Record


class Zone(Record, kw_only=True):
    """A zone in which an account lets the desk add records; `name` is in ASCII.

    `settings` are the `provider`'s settings that may be shown, by name; `secrets` are the others,
    each sealed for its own place, in Base64.
    """

    uin: Code
    name: Code
    provider: Code
    settings: tuple[tuple[Code, Code], ...] = ()
    secrets: tuple[tuple[Code, Code], ...] = ()
    created_at: datetime
    version: int = 1

    @property
    def described(self) -> str:
        """The settings of the zone in one line, without secrets."""
        return f"{self.provider} ({described(self.settings)})"


def described(settings: Iterable[tuple[str, str]]) -> str:
    """Return settings in a line: `server 192.0.2.53:53, key_name desk`."""
    return ", ".join(f"{name} {value}" for name, value in settings)


def zone_name(text: str) -> str:
    """Return the name of a zone in its normal form: lower case, in ASCII.

    Raises:
        DomainRefused: the text is not a zone name.
    """
    name = ascii_form(text.removesuffix("."))
    if name.startswith("*."):
        raise DomainRefused(text, "a zone stands without a wildcard")
    return name


def zone_of(name: str, zones: Iterable[Zone]) -> Zone | None:
    """Return the innermost zone that contains a name (in ASCII), None if there is none."""
    around = [zone for zone in zones if name == zone.name or name.endswith(f".{zone.name}")]
    return max(around, key=lambda zone: len(zone.name), default=None)


def outside(names: Iterable[str], zones: Sequence[Zone]) -> str | None:
    """Return the first of the names (in ASCII) that is in none of the zones, None if all are."""
    return next((name for name in names if zone_of(name.removeprefix("*."), zones) is None), None)
