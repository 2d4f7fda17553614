"""Whether it is noticed how the desk's own certificate stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from certdesk.bootstrap.server_certificate import ServerCertificate
from certdesk.domain.operation.checkup import Health
from certdesk.settings import Settings
from certdesk.testing.clock import ManualClock
from tests.own_certificate import CHAIN, own_certificate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def states(own: ServerCertificate) -> list[Health]:
    """Tell how it stands."""
    return [found.state for found in own.examine()]


def test_a_certificate_is_good_until_it_ends_soon_and_then_has_ended(tmp_path: Path) -> None:
    """A month and a week before its end it is told of."""
    clock = ManualClock(NOON)
    own = ServerCertificate(own_certificate(tmp_path, NOON, NOON + 90 * DAY), clock)
    assert (own.end(), states(own)) == (NOON + 90 * DAY, [Health.OK])
    clock.move(61 * DAY)
    assert states(own) == [Health.WARN]
    clock.move(23 * DAY)
    assert (states(own), list(own.faults())) == ([Health.FAIL], [])
    clock.move(6 * DAY)
    assert list(own.faults()) == ["the certificate of tls.cert ended at 2026-05-30 12:00 UTC"]


def test_a_changed_certificate_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    """What is served is the one before, whose end still counts."""
    own = ServerCertificate(own_certificate(tmp_path, NOON, NOON + 90 * DAY), ManualClock(NOON))
    assert own.end() == NOON + 90 * DAY
    (tmp_path / CHAIN).write_text("half of it")
    (fault,) = own.faults()
    assert fault.startswith(
        "tls.cert and tls.key cannot be used, so the desk serves an earlier certificate"
    )
    assert own.end() == NOON + 90 * DAY
    assert states(own) == [Health.FAIL]


def test_a_desk_without_a_certificate_has_none_to_tell_of() -> None:
    """Nor an end."""
    own = ServerCertificate(Settings(), ManualClock(NOON))
    assert (own.end(), list(own.faults()), states(own)) == (None, [], [])
