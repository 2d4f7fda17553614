"""Threads that work for the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from certdesk.web.thread_pool import ThreadPool


def test_what_the_work_raises_reaches_the_caller_and_the_thread_goes_on() -> None:
    """As its result does."""

    async def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            await threads.run(divmod, 1, 0)

        assert await threads.run(divmod, 7, 2) == (3, 1)

    with ThreadPool(1, "test") as threads:
        asyncio.run(ask())


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
