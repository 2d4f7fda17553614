"""Threads that work for the event loop.

A request changes threads two or three times. `run_in_executor` and `wrap_future` copy each result
from one kind of future to another under ten locks, so they took a tenth of a small request.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

Given = TypeVar("Given")


class _Job(NamedTuple):
    """Work for a thread, and the future of its result, which belongs to an event loop."""

    work: Callable[..., Any]
    arguments: tuple[object, ...]
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[Any]


class ThreadPool:
    """A fixed number of threads; they end with the context, after all that was asked of them."""

    def __init__(self, size: int, name: str) -> None:
        """Start so many threads, named after `name`."""
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}_{number}") for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def run(self, work: Callable[..., Given], *arguments: object) -> asyncio.Future[Given]:
        """Call `work` on one of the threads; what is cancelled before it begins is left out."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Given] = loop.create_future()
        self._jobs.put(_Job(work, arguments, loop, result))
        return result

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.result.cancelled():
                _carry_out(job)
            # Otherwise the thread would keep the last request until the next one comes.
            del job


def _carry_out(job: _Job) -> None:
    try:
        returned = job.work(*job.arguments)
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it belongs to the caller
        _bring(job.loop, job.result, None, error)
    else:
        _bring(job.loop, job.result, returned, None)
    finally:
        # The traceback of an error has this frame. With the job, error and request would keep each
        # other until the garbage collector runs, which is seldom.
        del job


def on_the_loop(done: Future[Given]) -> asyncio.Future[Given]:
    """Return a future of the running event loop with the outcome of one that a thread sets.

    If one of them is cancelled, the other one is as well.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Given] = loop.create_future()

    def bring(done: Future[Given]) -> None:
        if done.cancelled():
            _bring(loop, result, None, asyncio.CancelledError())
        elif error := done.exception():
            _bring(loop, result, None, error)
        else:
            _bring(loop, result, done.result(), None)

    def take_back(result: asyncio.Future[Given]) -> None:
        if result.cancelled():
            done.cancel()

    done.add_done_callback(bring)
    result.add_done_callback(take_back)
    return result


def _bring(
    loop: asyncio.AbstractEventLoop,
    result: asyncio.Future[Any],
    returned: object,
    error: BaseException | None,
) -> None:
    # The loop may have been closed meanwhile, without waiting for a request.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_set, result, returned, error)


def _set(result: asyncio.Future[Any], returned: object, error: BaseException | None) -> None:
    if result.cancelled():
        return
    if error is None:
        result.set_result(returned)
    elif isinstance(error, asyncio.CancelledError):
        result.cancel()
    elif isinstance(error, StopIteration):
        # A future does not take it, since it would end the coroutine that waits.
        wrong = RuntimeError("the work raised StopIteration")
        wrong.__cause__ = error
        result.set_exception(wrong)
    else:
        result.set_exception(error)
