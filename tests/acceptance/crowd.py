"""A crowd: clients in several processes, each with a pace of its own, that write down their times.

As a program it reads from stdin what one of its processes is to do, and writes what it was told.
The clock is the machine's, so that times of several processes can be put in order.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import math
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.running import Keys
from tests.web.raw import Wire, request

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 4
WHILE_STARTING_SECONDS = 2.0
"""After so long all processes are there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """What some clients do: call an action from one moment to another, each once in `pause`.

    Times are seconds of the monotonic clock. Clients take turns at the endpoints.
    """

    endpoints: Sequence[str]
    keys: Keys
    action: str
    clients: int
    pause: float
    begin: float
    end: float


@dataclasses.dataclass(frozen=True)
class Answered:
    """One answer: when the request was sent, when it came, and its code (empty: a success)."""

    sent: float
    answered: float
    code: str


@contextlib.contextmanager
def crowd(
    *endpoints: str, keys: Keys, action: str, clients: int, per_second: float, seconds: float
) -> Iterator[list[Answered]]:
    """Let clients call an action, so many times a second in all; give the answers at the end.

    The crowd begins `WHILE_STARTING_SECONDS` from now; the list is filled when the context ends.
    """
    begin = time.monotonic() + WHILE_STARTING_SECONDS
    task = Task(
        endpoints=endpoints,
        keys=keys,
        action=action,
        clients=clients // PROCESSES,
        pause=clients / per_second,
        begin=begin,
        end=begin + seconds,
    )
    told: list[Answered] = []
    started = [_start(task) for _ in range(PROCESSES)]
    try:
        yield told
        for process in started:
            output, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            told += [Answered(*each) for each in json.loads(output)]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _start(task: Task) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.crowd"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(dataclasses.asdict(task)) + "\n")
    process.stdin.flush()
    return process


def narrowest(told: Iterable[Answered], count: int) -> float:
    """Give the shortest time in which so many were sent and answered, in seconds.

    However long each was on its way: what is sent and answered within a second is served in it.
    """
    served = sorted(told, key=lambda each: each.answered)
    spans = []
    for first in served:
        answers = [each.answered for each in served if each.sent >= first.sent]
        spans += [answer - first.sent for answer in answers[count - 1 : count]]
    return min(spans, default=math.inf)


def work(task: Task) -> list[Answered]:
    """Run the clients of one process."""
    told: list[Answered] = []
    endpoints = itertools.islice(itertools.cycle(task.endpoints), task.clients)
    clients = [threading.Thread(target=_call, args=(task, place, told)) for place in endpoints]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return told


def _call(task: Task, endpoint: str, told: list[Answered]) -> None:
    """Be one client; the first calls of all of them are spread over a pause.

    It connects again if its connection ends, as it does when its process of the desk is killed.
    """
    first = task.begin + random.uniform(0, task.pause)  # noqa: S311 -- nothing to guard
    times = itertools.takewhile(lambda at: at < task.end, itertools.count(first, task.pause))
    while True:
        with contextlib.suppress(ConnectionError), Wire(endpoint) as wire:
            for at in times:
                time.sleep(max(0, at - time.monotonic()))
                data = request(endpoint, task.keys, task.action, b"{}")
                sent = time.monotonic()
                wire.send(data)
                code = wire.answer().code
                told.append(Answered(sent, time.monotonic(), code))
            return


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    mine = work(Task(**given | {"keys": Keys(**given["keys"])}))
    json.dump([dataclasses.astuple(each) for each in mine], sys.stdout)
