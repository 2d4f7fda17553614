"""Times as they are worded, and as they are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.wire.model import local_time, read_time

seconds = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 -- the zone is drawn apart
    datetime(2199, 12, 30),  # noqa: DTZ001 -- the zone is drawn apart
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
).map(lambda at: at.replace(microsecond=0))


@given(seconds)
def test_a_time_is_read_as_it_is_worded(at: datetime) -> None:
    """To the second, in Beijing's time."""
    assert read_time(local_time(at) or "") == at
    assert read_time(at.isoformat()) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-01 20:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T20:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01 12:00:00-01:00", datetime(2026, 3, 1, 13, tzinfo=UTC)),
    ],
)
def test_a_time_may_have_a_zone(text: str, at: datetime) -> None:
    """Without one it is Beijing's."""
    assert read_time(text) == at


@given(
    st.text(max_size=30) | st.from_regex(r"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?\Z")
)
def test_any_other_text_is_refused_with_a_sentence(text: str) -> None:
    """Or is a time that a database can keep."""
    try:
        told = str(read_time(text).astimezone(UTC).year)
    except ValueError as refused:
        told = str(refused)
    assert re.match("must be|is not a valid time|19[67]|19[89]|20|21|2200", told)


def test_a_certificate_without_an_end_is_shown_with_the_last_time_there_is() -> None:
    """RFC 5280, 4.1.2.5: it ends at 99991231235959Z, which is in the year 10000 in UTC+8."""
    assert local_time(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)) == "9999-12-31 23:59:59"
