"""Which edition of a CRL follows, and that it is good for less than a week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.pki.crl import Edition, next_edition

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
times = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 -- the zone is given apart
    datetime(2060, 1, 1),  # noqa: DTZ001 -- as above
    timezones=st.just(UTC),
)


@given(st.lists(times, min_size=2, max_size=10))
def test_numbers_grow_and_time_does_not_go_back(moments: list[datetime]) -> None:
    """However a clock jumps."""
    editions: list[Edition] = []
    for now in moments:
        editions.append(next_edition(editions[-1] if editions else None, now))

    numbers = [edition.number for edition in editions]
    assert numbers == sorted(set(numbers))
    assert all(later.made_at >= earlier.made_at for earlier, later in pairwise(editions))


def test_numbers_grow_also_after_an_old_copy_was_restored() -> None:
    """What was published after the copy was made is not known any more, and has lower numbers."""
    published = kept = next_edition(None, NOON)
    for hours in range(1, 100):
        published = next_edition(published, NOON + timedelta(hours=hours))

    assert next_edition(kept, NOON + timedelta(hours=100)).number > published.number


def test_a_list_is_good_for_seven_days_and_no_second_more() -> None:
    """Its first and its last second included."""
    edition = next_edition(None, NOON)

    assert edition.next_at - edition.made_at + timedelta(seconds=1) == timedelta(days=7)
