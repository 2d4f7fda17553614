"""The stock of keys made ahead of need."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from certdesk.domain.pki.records import StockedKey
from certdesk.domain.values.keys import KeyKind, describe, spki_sha256
from certdesk.ports import KeysBusy, KeyUsedUp, Pending, ReadyKey, StoreUnavailable
from certdesk.workflow import stock as module
from certdesk.workflow.stock import KeyStock
from tests.inside import InsideDesk

SECONDS = 30
"""How long to wait for another thread before a test fails."""

P_256, RSA = KeyKind.P_256, KeyKind.RSA_2048


@pytest.fixture
def desk(tmp_path: Path) -> InsideDesk:
    """Store, vault and clock of a desk; its own stock is not used."""
    return InsideDesk(tmp_path)


def stock_of(
    desk: InsideDesk, sizes: Mapping[KeyKind, int], *, makers: int = 1, queue: int = 8
) -> KeyStock:
    """Open a stock on the desk's store."""
    return KeyStock(desk.store, desk.vault, desk.clock, sizes=sizes, makers=makers, queue=queue)


@contextlib.contextmanager
def working(stock: KeyStock) -> Iterator[KeyStock]:
    """Make keys as long as the context lasts."""
    stock.start()
    try:
        yield stock
    finally:
        stock.stop()


def stored(desk: InsideDesk) -> list[StockedKey]:
    """Read the stock as it is stored."""
    return desk.store.read(lambda unit: unit.key_stock.where())


def holds(desk: InsideDesk, count: int) -> bool:
    """Wait until so many keys are stored; tell whether there are."""
    until = time.monotonic() + SECONDS
    while len(stored(desk)) < count and time.monotonic() < until:
        time.sleep(0.01)
    return len(stored(desk)) == count


def pending(stock: KeyStock, kind: KeyKind = P_256) -> Future[None]:
    """Ask for a key that is not there; give what to wait for."""
    with pytest.raises(Pending) as raised, stock.lend(kind):
        pass
    return raised.value.done


def use_up(desk: InsideDesk, ready: ReadyKey) -> bool:
    """Take a key out of the stored stock, as the transaction of an order does."""
    return desk.store.write(lambda unit: unit.key_stock.remove(ready.stock_id))


# --- filling ------------------------------------------------------------------------------------


def test_nothing_is_made_before_the_start(desk: InsideDesk) -> None:
    """Opening a desk for one operator's command costs no keys."""
    stock_of(desk, {P_256: 2})
    assert stored(desk) == []


def test_the_stock_is_filled_to_its_sizes(desk: InsideDesk) -> None:
    """Each kind to its own."""
    with working(stock_of(desk, {P_256: 3, RSA: 1}, makers=2)):
        assert holds(desk, 4)
    kinds = sorted(each.kind for each in stored(desk))
    assert kinds == ["P_256", "P_256", "P_256", "RSA_2048"]


def test_a_used_key_is_replaced(desk: InsideDesk) -> None:
    """Taking one tells the makers."""
    with working(stock_of(desk, {P_256: 2})) as stock:
        assert holds(desk, 2)
        with stock.lend(P_256) as ready:
            assert use_up(desk, ready)
        assert holds(desk, 2)
    assert ready.stock_id not in {each.stock_id for each in stored(desk)}


def test_a_full_stock_is_not_added_to_at_the_next_start(desk: InsideDesk) -> None:
    """What the last run made is still good."""
    with working(stock_of(desk, {P_256: 2})):
        assert holds(desk, 2)
    before = stored(desk)
    with working(stock_of(desk, {P_256: 2})) as stock, stock.lend(P_256) as ready:
        assert ready.stock_id == before[0].stock_id
    assert {each.stock_id for each in before} <= {each.stock_id for each in stored(desk)}


def test_stored_keys_are_sealed(desk: InsideDesk) -> None:
    """For the desk itself, each for its own row."""
    with working(stock_of(desk, {P_256: 2})) as stock:
        assert holds(desk, 2)
        with stock.lend(P_256) as ready:
            digest = spki_sha256(ready.private_key.public_key())
            assert describe(ready.private_key.public_key()) == "ECC prime256v1"
    assert not any(b"PRIVATE KEY" in each.sealed for each in stored(desk))
    assert digest in {each.spki_sha256 for each in stored(desk)}


# --- lending ------------------------------------------------------------------------------------


def test_a_key_that_is_not_used_goes_back(desk: InsideDesk) -> None:
    """After a refusal, and the next borrower gets it."""
    stock = stock_of(desk, {P_256: 1})
    with working(stock):
        assert holds(desk, 1)
    with pytest.raises(ValueError, match="refused"), stock.lend(P_256) as first:
        raise ValueError("refused")
    with stock.lend(P_256) as second:
        assert second.stock_id == first.stock_id


def test_a_key_is_lent_to_one_borrower_at_a_time(desk: InsideDesk) -> None:
    """However many come at once."""
    stock = stock_of(desk, {P_256: 8}, makers=2)
    with working(stock):
        assert holds(desk, 8)
    together = threading.Barrier(8)

    def borrow(_: int) -> int:
        together.wait(SECONDS)
        with stock.lend(P_256) as ready:
            return ready.stock_id

    with ThreadPoolExecutor(8) as pool:
        lent = list(pool.map(borrow, range(8)))
    assert len(set(lent)) == 8


def test_a_key_that_another_process_used_up_is_passed_over(desk: InsideDesk) -> None:
    """The stored stock decides, not what was there at the start."""
    stock = stock_of(desk, {P_256: 2})
    with working(stock):
        assert holds(desk, 2)
    first, second = stored(desk)
    desk.store.write(lambda unit: unit.key_stock.remove(first.stock_id))
    with stock.lend(P_256) as ready:
        assert ready.stock_id == second.stock_id


def test_a_key_that_another_process_uses_up_while_it_is_lent_does_not_go_back(
    desk: InsideDesk,
) -> None:
    """It would be lent again, to be used up again."""
    stock = stock_of(desk, {P_256: 1})
    with working(stock):
        assert holds(desk, 1)
    with pytest.raises(KeyUsedUp), stock.lend(P_256):
        raise KeyUsedUp
    assert stock.ready()[P_256] == 0


def test_a_kind_that_is_not_kept_is_made_on_demand(desk: InsideDesk) -> None:
    """The borrower is told what to wait for, and comes again."""
    with working(stock_of(desk, {})) as stock:
        pending(stock).result(SECONDS)
        with stock.lend(P_256) as ready:
            assert describe(ready.private_key.public_key()) == "ECC prime256v1"


def test_those_who_wait_are_served_before_the_stock_is_filled(desk: InsideDesk) -> None:
    """In the order in which they came."""
    stock = stock_of(desk, {P_256: 2})
    waiting = [pending(stock, RSA), pending(stock, P_256)]
    with working(stock):
        for made in waiting:
            made.result(SECONDS)
        assert holds(desk, 3)
    assert [each.kind for each in stored(desk)] == ["RSA_2048", "P_256", "P_256"]


def test_no_more_than_the_queue_may_wait(desk: InsideDesk) -> None:
    """The others come back later, or bring a CSR of their own."""
    stock = stock_of(desk, {}, queue=2)
    pending(stock)
    pending(stock, RSA)
    with pytest.raises(KeysBusy), stock.lend(P_256):
        pass


def test_whoever_waits_at_the_end_is_told_that_none_comes(desk: InsideDesk) -> None:
    """And whoever comes later is told at once."""
    stock = stock_of(desk, {}, makers=0)
    made, given_up = pending(stock), pending(stock)
    given_up.cancel()
    stock.start()
    stock.stop()
    with pytest.raises(KeysBusy):
        made.result(SECONDS)
    with pytest.raises(KeysBusy), stock.lend(P_256):
        pass


def test_a_borrower_who_gives_up_harms_nobody(desk: InsideDesk) -> None:
    """Its key is not made, and the makers go on."""
    stock = stock_of(desk, {})
    waiting = [pending(stock) for _ in range(3)]
    assert waiting[0].cancel()
    with working(stock):
        for made in waiting[1:]:
            made.result(SECONDS)
    assert len(stored(desk)) == 2


def test_a_key_that_cannot_be_stored_is_an_error_for_who_waits(
    desk: InsideDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The makers outlive it."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0)
    stock = stock_of(desk, {})
    desk.store.close()
    with working(stock):
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                pending(stock).result(SECONDS)


def test_when_a_key_cannot_be_stored_all_who_wait_are_told(
    desk: InsideDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the pauses of those before."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 10 * SECONDS)
    stock = stock_of(desk, {})
    waiting = [pending(stock) for _ in range(3)]
    desk.store.close()
    with working(stock):
        for made in waiting:
            with pytest.raises(StoreUnavailable):
                made.result(SECONDS)
