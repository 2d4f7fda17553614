"""DNS zones in which the desk may add records for an account."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime

from certdesk.domain.values.free_text import Code
from certdesk.domain.values.names import DomainRefused, ascii_form


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone that an operator gave an account, as it is kept; `name` is in ASCII.

    `settings` are those of its `provider` that may be shown, by name; `secrets` are the others,
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
        """How it is changed, in a line without secrets."""
        return f"{self.provider} ({described(self.settings)})"


def described(settings: Iterable[tuple[str, str]]) -> str:
    """Return settings in a line: `server 192.0.2.53:53, key_name desk`."""
    return ", ".join(f"{name} {value}" for name, value in settings)


def zone_name(text: str) -> str:
    """Bring the name of a zone into its normal form, lower case and in ASCII.

    Raises:
        DomainRefused: it is none.
    """
    name = ascii_form(text.removesuffix("."))
    if name.startswith("*."):
        raise DomainRefused(text, "a zone stands without a wildcard")
    return name


def zone_of(name: str, zones: Iterable[Zone]) -> Zone | None:
    """Give the zone that a name (in ASCII) lies in: the innermost, None where it is in none."""
    around = [zone for zone in zones if name == zone.name or name.endswith(f".{zone.name}")]
    return max(around, key=lambda zone: len(zone.name), default=None)


def outside(names: Iterable[str], zones: Sequence[Zone]) -> str | None:
    """Give the first of the ordered names (in ASCII) that lies in none of the zones, if any."""
    return next((name for name in names if zone_of(name.removeprefix("*."), zones) is None), None)
