"""What every `Admission` owes: signatures used up late, and a limit that disturbs no others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.accounts.replay import Sighting, Use, check_use
from certdesk.domain.errors import SignatureExpire
from certdesk.domain.values.record import replace
from certdesk.ports import Admission, RateLimitExceeded, Slot
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.storage.postgresql.admission import PostgresAdmission

if TYPE_CHECKING:
    from tests.postgres import Cluster

LIMIT = 10
ACCOUNT, OTHER = "100000000001", "100000000002"
ACTION = "DescribeCompanies"
A_SECOND = 1.05
NOON = 1_772_366_400
FRESH = count()


class InMemory:
    """One process, by a clock that stands still where a test does not move it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self.admission: Admission = self.opened(first_service=True)

    def opened(self, *, first_service: bool) -> Admission:
        """Start another process."""
        return MemoryAdmission(None if first_service else NOON, self._monotonic)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += seconds

    def lose(self) -> None:
        """End the process that remembers; the next one knows nothing of it."""
        self.admission = self.opened(first_service=False)

    def _monotonic(self) -> float:
        return time.monotonic() + self._ahead


class OnPostgresql:
    """Many processes on a database of their own."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._url = cluster.database()
        self._open: list[PostgresAdmission] = []
        self.admission: Admission = self.opened(first_service=True)

    def opened(self, *, first_service: bool) -> Admission:
        """Start another process on the same database."""
        self._open.append(PostgresAdmission(self._url, first_service=first_service))
        return self._open[-1]

    def later(self, seconds: float) -> None:
        """Let time pass, as far as the database can tell."""
        self.run("UPDATE sightings SET seen_at = seen_at - make_interval(secs => %s)", seconds)

    def lose(self) -> None:
        """Empty the table, as the server does after a crash."""
        self.run("TRUNCATE sightings")

    def close(self) -> None:
        """End all processes."""
        for each in self._open:
            each.close()

    def run(self, statement: LiteralString, *values: float) -> None:
        """Run a statement as another program would."""
        with self._cluster.connect(self._url) as foreign:
            foreign.execute(statement, values)


World = InMemory | OnPostgresql


def in_memory(_: pytest.FixtureRequest) -> InMemory:
    """Make the admission of one process."""
    return InMemory()


def on_postgresql(request: pytest.FixtureRequest) -> OnPostgresql:
    """Make the admission of many."""
    world = OnPostgresql(request.getfixturevalue("postgres"))
    request.addfinalizer(world.close)
    return world


ADAPTERS = [
    pytest.param(in_memory, id="memory"),
    pytest.param(on_postgresql, id="postgresql", marks=pytest.mark.needs("postgres")),
]


@pytest.fixture(params=ADAPTERS)
def world(request: pytest.FixtureRequest) -> World:
    """Each adapter in turn, with nothing seen and no place taken."""
    make: Callable[[pytest.FixtureRequest], World] = request.param
    return make(request)


@pytest.fixture
def admission(world: World) -> Admission:
    """What lets requests in there."""
    return world.admission


def use(
    digest: bytes = b"",
    *,
    uin: str = ACCOUNT,
    action: str = ACTION,
    timestamp: int = NOON,
    once: bool = False,
    action_signed: bool = False,
) -> Use:
    """Sign a request, anew unless `digest` names the signature."""
    return Use(
        digest=digest or next(FRESH).to_bytes(32, "big"),
        uin=uin,
        action=action,
        timestamp=timestamp,
        at=float(NOON),
        once=once,
        action_signed=action_signed,
    )


def take(admission: Admission, uin: str = ACCOUNT, action: str = ACTION) -> Slot:
    """Ask once with a new signature, and do not answer."""
    slot = admission.take(use(uin=uin, action=action), LIMIT)
    assert slot is not None
    return slot


def serve(admission: Admission, uin: str = ACCOUNT, action: str = ACTION) -> bool:
    """Ask once, and answer at once if let in."""
    try:
        slot = take(admission, uin, action)
    except RateLimitExceeded:
        return False
    admission.leave(slot)
    return True


def lets_in(admission: Admission, asked: Use, limit: int = 0) -> bool:
    """Ask once, without a limit if none is given, and answer at once."""
    try:
        slot = admission.take(asked, limit)
    except SignatureExpire:
        return False
    if slot is not None:
        admission.leave(slot)
    return True


def test_the_eleventh_request_of_a_second_is_refused_with_its_number(admission: Admission) -> None:
    """`Your current request times equals to 11 in a second`."""
    slots = [take(admission) for _ in range(LIMIT)]

    with pytest.raises(RateLimitExceeded) as refused:
        take(admission)

    assert refused.value.count == LIMIT + 1
    assert {(slot.uin, slot.action) for slot in slots} == {(ACCOUNT, ACTION)}


def test_a_request_in_progress_keeps_its_place(admission: Admission) -> None:
    """Else ten slow answers and ten quick ones would fall into one second."""
    slots = [take(admission) for _ in range(LIMIT)]
    time.sleep(A_SECOND)

    assert not serve(admission)

    for slot in slots:
        admission.leave(slot)
    assert serve(admission)


def test_places_are_free_again_after_their_second_and_refusals_cost_none(
    admission: Admission,
) -> None:
    """Whoever keeps asking is let in again as soon as one who waits."""
    slots = [take(admission) for _ in range(LIMIT)]
    for slot in slots:
        admission.leave(slot)
    for _ in range(5):
        serve(admission)
    time.sleep(A_SECOND)

    again = [take(admission) for _ in range(LIMIT)]

    assert len(again) == LIMIT
    assert not serve(admission)


def test_accounts_and_actions_do_not_share_their_places(admission: Admission) -> None:
    """One that is busy leaves the others alone."""
    for _ in range(LIMIT):
        take(admission)

    assert serve(admission, uin=OTHER)
    assert serve(admission, action="CreateCertificate")


def test_of_many_that_ask_at_once_the_limit_is_let_in(admission: Admission) -> None:
    """Forty threads, ten places, as long as none is left."""
    together = threading.Barrier(8)

    def ask(_: int) -> int:
        together.wait()
        let_in = 0
        for _ in range(5):
            try:
                take(admission)
            except RateLimitExceeded:
                continue
            let_in += 1
        return let_in

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == LIMIT


LOOK = use(b"one")
CHANGE = replace(LOOK, action="CancelCertificateOrder", once=True)
ELSEWHERE = replace(LOOK, action="DescribeManagers")


@pytest.mark.parametrize("again", [LOOK, ELSEWHERE, CHANGE])
def test_two_honest_requests_of_one_second_may_share_a_signature(
    admission: Admission, again: Use
) -> None:
    """Official clients sign neither the action nor a nonce."""
    assert lets_in(admission, LOOK)
    assert lets_in(admission, again)


@pytest.mark.parametrize("refused", [ELSEWHERE, CHANGE])
def test_a_late_signature_repeats_its_first_read_and_does_nothing_else(
    world: World, refused: Use
) -> None:
    """However often it is tried."""
    assert lets_in(world.admission, LOOK)
    world.later(6)

    for _ in range(2):
        assert not lets_in(world.admission, refused)
        assert lets_in(world.admission, LOOK)


def test_a_signed_action_is_no_exemption(world: World) -> None:
    """A change whose signature covers the action happens once all the same."""
    signed = replace(CHANGE, action_signed=True)
    assert lets_in(world.admission, signed)
    world.later(6)

    assert not lets_in(world.admission, signed)


@pytest.mark.parametrize("refusal", ["noted", "too many"])
def test_a_request_that_was_refused_has_been_seen(world: World, refusal: str) -> None:
    """For whatever reason: the one who captured it may not have it carried out later."""
    if refusal == "noted":
        world.admission.note(LOOK)
    else:
        for _ in range(LIMIT):
            take(world.admission)
        with pytest.raises(RateLimitExceeded):
            world.admission.take(LOOK, LIMIT)
    world.later(6)

    assert not lets_in(world.admission, CHANGE)


def test_a_captured_request_takes_no_place_from_its_owner(world: World) -> None:
    """Else one captured change, sent again and again, would shut the account out of it."""
    assert lets_in(world.admission, CHANGE)
    world.later(6)
    for _ in range(LIMIT):
        with pytest.raises(SignatureExpire):
            world.admission.take(CHANGE, LIMIT)

    assert serve(world.admission, action=CHANGE.action)


def test_a_request_that_may_have_been_used_takes_no_place_either(world: World) -> None:
    """Ten of them, captured before a loss, would shut the account out for minutes."""
    world.lose()
    for number in range(LIMIT):
        forgotten = use(number.to_bytes(32, "big"), timestamp=NOON - 1, once=True)
        with pytest.raises(SignatureExpire):
            world.admission.take(forgotten, LIMIT)

    assert world.admission.take(use(timestamp=2**31), LIMIT) is not None


def test_what_was_forgotten_counts_as_seen(world: World) -> None:
    """A timestamp before the loss is refused, and the text helps a client whose clock is slow."""
    world.lose()
    before = replace(CHANGE, timestamp=NOON - 1)

    with pytest.raises(SignatureExpire, match=r"Sign a new request.*if your clock is slow"):
        world.admission.take(before, LIMIT)
    assert lets_in(world.admission, replace(LOOK, digest=b"2", timestamp=NOON - 1))
    assert lets_in(world.admission, replace(before, action_signed=True))


def test_nothing_was_forgotten_where_nothing_was_served(world: World) -> None:
    """At the first start of a desk a slow clock is as good as ever."""
    assert lets_in(world.admission, replace(CHANGE, timestamp=NOON - 299))


def test_a_process_that_joins_later_knows_what_the_others_saw(
    world: World,
) -> None:
    """On PostgreSQL; in memory each process begins anew, and says so by its start."""
    assert lets_in(world.admission, LOOK)
    world.later(6)
    joined = world.opened(first_service=False)

    late = replace(CHANGE, timestamp=LOOK.timestamp - 1)
    assert not lets_in(joined, CHANGE if isinstance(world, OnPostgresql) else late)


def test_tidying_leaves_what_a_timestamp_may_bring_back(world: World) -> None:
    """Ten minutes after the first sight none can."""
    assert lets_in(world.admission, LOOK)
    world.later(599)
    world.admission.tidy()

    assert not lets_in(world.admission, CHANGE)


@pytest.mark.needs("postgres")
def test_the_database_forgets_what_no_timestamp_can_bring_back(postgres: Cluster) -> None:
    """Its table does not grow for ever; the row that tells since when it is complete stays."""
    world = OnPostgresql(postgres)
    assert lets_in(world.admission, LOOK)
    world.later(601)
    world.admission.tidy()
    try:
        assert lets_in(world.admission, CHANGE)
    finally:
        world.close()


@st.composite
def uses(draw: st.DrawFn) -> list[tuple[float, Use, int]]:
    """Some requests with few signatures, actions, pauses between them, and limits or none."""
    one = st.builds(
        use,
        st.sampled_from([b"a", b"b"]),
        action=st.sampled_from(["DescribeCompanies", "DescribeManagers", "CreateCertificate"]),
        action_signed=st.booleans(),
    )
    pauses = st.sampled_from([0.0, 3.0, 6.0, 60.0])
    return draw(st.lists(st.tuples(pauses, one, st.sampled_from([0, 1000])), max_size=8))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uses())
def test_every_adapter_decides_by_the_rule(
    world: World, steps: list[tuple[float, Use, int]]
) -> None:
    """Whatever comes in whichever order: by the age and action of the first use."""
    fresh = next(FRESH).to_bytes(8, "big")
    first: dict[bytes, tuple[float, str]] = {}
    passed = 0.0
    for pause, step, limit in steps:
        world.later(pause)
        passed += pause
        asked = replace(step, digest=fresh + step.digest, once=step.action == "CreateCertificate")
        at, action = first.setdefault(asked.digest, (passed, asked.action))
        assert lets_in(world.admission, asked, limit) == _by_the_rule(asked, passed - at, action)


def _by_the_rule(asked: Use, age: float, action: str) -> bool:
    try:
        check_use(asked, Sighting(age, action), None)
    except SignatureExpire:
        return False
    return True


@pytest.mark.needs("postgres")
def test_a_table_of_an_earlier_version_gets_what_it_lacks(postgres: Cluster) -> None:
    """A process makes the tables of the admission itself; no migration knows them."""
    world = OnPostgresql(postgres)
    try:
        world.run("ALTER TABLE pace DROP COLUMN holder")
        assert world.opened(first_service=False).take(use(), LIMIT)
    finally:
        world.close()
