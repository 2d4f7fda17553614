"""Certificates on days when calendars and encodings turn, as OpenSSL reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certdesk.domain.values.validity import BACKDATED
from certdesk.testing.clock import ManualClock
from tests.issuing import asked, issue
from tests.privateca import InsideCa
from tests.programs import run

SECOND = timedelta(seconds=1)
MOMENTS = [
    (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 199),
    (datetime(2027, 3, 14, 23, 59, 59, tzinfo=UTC), 199),
    (datetime(2027, 3, 15, tzinfo=UTC), 99),
    (datetime(2028, 2, 29, 12, tzinfo=UTC), 99),
    (datetime(2029, 3, 14, 23, 59, 59, tzinfo=UTC), 99),
    (datetime(2029, 3, 15, tzinfo=UTC), 46),
    # One second past what 32 bits hold.
    (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), 46),
    (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), 46),
    (datetime(2050, 6, 1, tzinfo=UTC), 46),
    (datetime(2052, 2, 29, tzinfo=UTC), 46),
]


def certificate_of(folder: Path, moment: datetime) -> bytes:
    """Have a CA of that time sign a certificate at that moment."""
    ca = InsideCa(folder, clock=ManualClock(moment))
    return issue(ca.issuer, asked(moment)).issued.leaf


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(("moment", "days"), MOMENTS, ids=str)
def test_a_certificate_lasts_as_long_as_its_day_of_issue_allows(
    tmp_path: Path, moment: datetime, days: int
) -> None:
    """To the second, with the first and the last of them in it."""
    leaf = tmp_path / "leaf.der"
    leaf.write_bytes(certificate_of(tmp_path, moment))

    said = run("openssl", "x509", "-in", leaf, "-noout", "-dates", "-dateopt", "iso_8601")

    begins, ends = (
        datetime.fromisoformat(text) for text in re.findall(r"^not\w+=(.+)$", said, re.MULTILINE)
    )
    assert begins == moment - BACKDATED
    assert ends - begins + SECOND == timedelta(days=days)


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("moment", "kinds"),
    [
        (datetime(2049, 6, 1, tzinfo=UTC), ["UTCTIME", "UTCTIME"]),
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), ["UTCTIME", "GENERALIZEDTIME"]),
        (datetime(2050, 1, 1, 0, 50, tzinfo=UTC), ["GENERALIZEDTIME", "GENERALIZEDTIME"]),
    ],
)
def test_times_from_2050_on_are_written_with_four_digits(
    tmp_path: Path, moment: datetime, kinds: list[str]
) -> None:
    """RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime after it."""
    leaf = tmp_path / "leaf.der"
    leaf.write_bytes(certificate_of(tmp_path, moment))

    said = run("openssl", "asn1parse", "-inform", "DER", "-in", leaf)

    assert re.findall(r"UTCTIME|GENERALIZEDTIME", said) == kinds
