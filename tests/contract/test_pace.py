"""What every `Pace` owes: a limit that holds in any second, and disturbs nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from certdesk.ports import Pace, PaceExceeded
from certdesk.storage.memory_pace import MemoryPace
from certdesk.storage.postgres_pace import PostgresPace
from tests.postgres import Cluster

LIMIT = 10
ACCOUNT, OTHER = "100000000001", "100000000002"
ACTION = "DescribeCompanies"
A_SECOND = 1.05


def in_memory(_: pytest.FixtureRequest) -> MemoryPace:
    """Make the pace of one process."""
    return MemoryPace()


def on_postgresql(request: pytest.FixtureRequest) -> PostgresPace:
    """Make the pace of many, on a database of its own."""
    cluster: Cluster = request.getfixturevalue("postgres")
    pace = PostgresPace(cluster.database())
    request.addfinalizer(pace.close)
    return pace


ADAPTERS = [
    pytest.param(in_memory, id="memory"),
    pytest.param(on_postgresql, id="postgresql", marks=pytest.mark.needs("postgres")),
]


@pytest.fixture(params=ADAPTERS)
def pace(request: pytest.FixtureRequest) -> Pace:
    """Each adapter in turn, with no place taken."""
    make: Callable[[pytest.FixtureRequest], Pace] = request.param
    return make(request)


def serve(pace: Pace, uin: str = ACCOUNT, action: str = ACTION) -> bool:
    """Ask once, and answer at once if let in."""
    try:
        slot = pace.take(uin, action, LIMIT)
    except PaceExceeded:
        return False
    pace.leave(slot)
    return True


def test_the_eleventh_request_of_a_second_is_refused_with_its_number(pace: Pace) -> None:
    """`Your current request times equals to 11 in a second`."""
    slots = [pace.take(ACCOUNT, ACTION, LIMIT) for _ in range(LIMIT)]

    with pytest.raises(PaceExceeded) as refused:
        pace.take(ACCOUNT, ACTION, LIMIT)

    assert refused.value.count == LIMIT + 1
    assert {(slot.uin, slot.action) for slot in slots} == {(ACCOUNT, ACTION)}


def test_a_request_in_progress_keeps_its_place(pace: Pace) -> None:
    """Else ten slow answers and ten quick ones would fall into one second."""
    slots = [pace.take(ACCOUNT, ACTION, LIMIT) for _ in range(LIMIT)]
    time.sleep(A_SECOND)

    assert not serve(pace)

    for slot in slots:
        pace.leave(slot)
    assert serve(pace)


def test_places_are_free_again_after_their_second_and_refusals_cost_none(pace: Pace) -> None:
    """Whoever keeps asking is let in again as soon as one who waits."""
    slots = [pace.take(ACCOUNT, ACTION, LIMIT) for _ in range(LIMIT)]
    for slot in slots:
        pace.leave(slot)
    for _ in range(5):
        serve(pace)
    time.sleep(A_SECOND)

    again = [pace.take(ACCOUNT, ACTION, LIMIT) for _ in range(LIMIT)]

    assert len(again) == LIMIT
    assert not serve(pace)


def test_accounts_and_actions_do_not_share_their_places(pace: Pace) -> None:
    """One that is busy leaves the others alone."""
    for _ in range(LIMIT):
        pace.take(ACCOUNT, ACTION, LIMIT)

    assert serve(pace, uin=OTHER)
    assert serve(pace, action="CreateCertificate")


def test_of_many_that_ask_at_once_the_limit_is_let_in(pace: Pace) -> None:
    """Forty threads, ten places, as long as none is left."""
    together = threading.Barrier(8)

    def ask(_: int) -> int:
        together.wait()
        let_in = 0
        for _ in range(5):
            try:
                pace.take(ACCOUNT, ACTION, LIMIT)
            except PaceExceeded:
                continue
            let_in += 1
        return let_in

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == LIMIT
