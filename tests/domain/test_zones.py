"""Zones, and which names lie in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from certdesk.domain.validation.dns_zone import Zone, outside, zone_name, zone_of
from certdesk.domain.values.names import DomainRefused


def test_a_zone_has_one_spelling() -> None:
    """In ASCII, without the last dot."""
    assert zone_name("Bücher.Example.COM.") == "xn--bcher-kva.example.com"
    with pytest.raises(DomainRefused, match="without a wildcard"):
        zone_name("*.example.com")


def zone(name: str) -> Zone:
    """A zone by its name."""
    return Zone(
        uin="1",
        name=name,
        provider="rfc2136",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_a_name_lies_in_the_innermost_zone() -> None:
    """Whole labels count."""
    zones = [zone("example.com"), zone("shop.example.com"), zone("com")]
    assert zone_of("www.shop.example.com", zones) == zones[1]
    assert zone_of("shop.example.com", zones) == zones[1]
    assert zone_of("workshop.example.com", zones) == zones[0]
    assert zone_of("example.org", zones) is None


def test_the_first_name_outside_all_zones_is_told() -> None:
    """A wildcard is proved at the name that it stands under."""
    zones = [zone("example.com")]
    assert outside(["*.example.com", "a.example.com"], zones) is None
    assert outside(["example.com", "badexample.com", "example.org"], zones) == "badexample.com"
