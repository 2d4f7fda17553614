"""Threads that work for the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from concurrent.futures import Future

import pytest

from certdesk.web.thread_pool import ThreadPool, on_the_loop


def test_what_the_work_raises_reaches_the_caller_and_the_thread_goes_on() -> None:
    """As its result does."""

    async def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            await threads.run(divmod, 1, 0)

        assert await threads.run(divmod, 7, 2) == (3, 1)

    with ThreadPool(1, "test") as threads:
        asyncio.run(ask())


def test_an_error_that_no_future_takes_reaches_the_caller_as_another_one() -> None:
    """Otherwise the caller would wait for ever."""

    async def ask() -> None:
        with pytest.raises(RuntimeError):
            await threads.run(next, iter(()))
        with pytest.raises(RuntimeError):
            await on_the_loop(failed(StopIteration()))

    with ThreadPool(1, "test") as threads:
        asyncio.run(ask())


def test_a_failed_work_keeps_nothing_in_memory() -> None:
    """Without the garbage collector, which runs seldom."""

    class Body:
        """Stands for a request with personal data."""

    def fail(_: Body) -> None:
        raise ValueError

    async def ask() -> None:
        body = Body()
        kept = weakref.ref(body)
        with contextlib.suppress(ValueError):
            await threads.run(fail, body)
        del body
        # The thread lets go of it after it has told the loop.
        await threads.run(int)
        assert kept() is None

    gc.disable()
    try:
        with ThreadPool(1, "test") as threads:
            asyncio.run(ask())
    finally:
        gc.enable()


def test_a_future_that_is_cancelled_on_either_side_is_cancelled_on_the_other() -> None:
    """A request that ends lets go of the key that it waits for."""
    theirs, ours = Future[None](), Future[None]()

    async def ask() -> None:
        theirs.cancel()
        with pytest.raises(asyncio.CancelledError):
            await on_the_loop(theirs)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(on_the_loop(ours), 0)

    asyncio.run(ask())
    assert ours.cancelled()


def failed(error: BaseException) -> Future[None]:
    """Return a future that has failed."""
    future = Future[None]()
    future.set_exception(error)
    return future


def test_work_that_is_cancelled_before_it_begins_is_left_out() -> None:
    """All other work is done before the threads end."""
    hold, done = threading.Event(), list[str]()

    async def ask() -> None:
        first = threads.run(hold.wait)
        threads.run(done.append, "cancelled").cancel()
        threads.run(done.append, "last")
        hold.set()
        await first

    with ThreadPool(1, "test") as threads:
        asyncio.run(ask())

    assert done == ["last"]


def test_work_may_end_after_its_event_loop() -> None:
    """A request may be dropped, and its thread may take longer; the next one is served."""
    hold, done = threading.Event(), list[str]()

    def work() -> None:
        hold.wait()
        done.append("first")

    async def begin() -> None:
        threads.run(work)

    async def go_on() -> None:
        hold.set()
        await threads.run(done.append, "second")

    with ThreadPool(1, "test") as threads:
        asyncio.run(begin())
        asyncio.run(go_on())

    assert done == ["first", "second"]
