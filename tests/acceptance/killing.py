"""Processes that are killed at a named step of their work, forked so that they start at once."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from certdesk.bootstrap import OpenDesk, actions
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import Store, Unit
from certdesk.workflow.order_scheduler import OrderScheduler
from tests.actions.submitting import PERSONAL

Result = TypeVar("Result")
ROOT = Path(__file__).parents[2]
SECONDS = 60


class Killer:
    """Counts steps, and kills the process at one of them; `told` keeps their names in a file."""

    def __init__(self, at: int, told: Path) -> None:
        """Kill at step number `at`, 0 at none."""
        self._at = at
        self._told = told
        self._count = 0

    def step(self, name: str) -> None:
        """Come to a step."""
        self._count += 1
        if self._count == self._at:
            self._told.write_text(f"{self._count}: {name}")
            os.kill(os.getpid(), signal.SIGKILL)


class SteppingStore:
    """`ports.Store` that comes to a step around and in each write."""

    def __init__(self, store: Store, killer: Killer) -> None:
        """Keep everything in `store`."""
        self._store = store
        self._killer = killer
        self.read = store.read
        self.refusing = store.refusing
        self.checkpoint = store.checkpoint
        self.close = store.close

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Write, in four steps."""
        name = _name_of(commit)
        self._killer.step(f"{name} comes")
        result = self._store.write(self._stepping(commit))
        self._killer.step(f"{name} is durable")
        return result

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Begin to write, in the same steps."""
        name = _name_of(commit)
        self._killer.step(f"{name} comes")
        outcome = self._store.submit(self._stepping(commit))
        outcome.add_done_callback(lambda _: self._killer.step(f"{name} is durable"))
        return outcome

    def _stepping(self, commit: Callable[[Unit], Result]) -> Callable[[Unit], Result]:
        name, step = _name_of(commit), self._killer.step

        def stepping(unit: Unit) -> Result:
            step(f"{name} begins")
            result = commit(unit)
            step(f"{name} is not committed yet")
            return result

        return stepping


def _name_of(commit: Callable[[Unit], object]) -> str:
    name: str = getattr(commit, "__name__", "") or getattr(commit, "func", commit).__name__
    return name


def killed(work: Callable[[], object]) -> bool:
    """Do work in a process of its own; tell whether it was killed."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:  # noqa: BLE001 -- whatever it is, the parent is told by the code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, how = os.waitpid(child, 0)
    if os.WIFSIGNALED(how):
        return True
    if os.WEXITSTATUS(how):
        raise RuntimeError("a process failed")
    return False


def forked(folder: Path, work: Callable[[], Any]) -> Any:  # noqa: ANN401 -- any JSON
    """Do work in a process of its own; give what comes of it."""
    result = folder / "result"
    if killed(lambda: result.write_text(json.dumps(work()))):
        raise RuntimeError("a process was killed that should not have been")
    return json.loads(result.read_text())


def call(opened: OpenDesk, caller: Caller, name: str, **parameters: object) -> Any:  # noqa: ANN401 -- any reply of the API
    """Carry an action out."""
    action = actions().find(name, internal=caller is OPERATOR)
    assert action is not None, name
    return opened.desk.perform(action, caller, action.decode(parameters), "steps")


def attempts_of(program: str, folder: Path) -> list[dict[str, Any]]:
    """Run a program that is killed at one step after the other; return what it told of each."""
    done = subprocess.run(
        [sys.executable, "-m", program, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def tell_attempts(attempt: Callable[[int], dict[str, Any]]) -> None:
    """Make one attempt after the other, each killed at a later step, until one comes to its end."""
    for number in itertools.count(1):
        told = attempt(number)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        if not told["step"]:
            return


def buy(opened: OpenDesk, caller: Caller, years: int, **material: object) -> str:
    """Order a certificate, and submit it to the CA; return its certificate id."""
    bought = call(
        opened, caller, "CreateCertificate", ProductId=104, DomainNum=1, TimeSpan=years
    ).certificate_ids[0]
    call(opened, caller, "CertificateInfoSubmit", CertId=bought, **PERSONAL | material)
    call(opened, caller, "CertificateOrderSubmit", CertId=bought)
    return str(bought)


def work_until(
    done: Callable[[], bool], opened: OpenDesk, certificate_id: str, work: OrderScheduler
) -> None:
    """Work on what is due, an order before all, until its work is done.

    What a killed process had taken up is not waited for.
    """
    opened.desk.store.write(lambda unit: _make_due(unit, certificate_id, opened))
    work.start()
    end = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.005)
    work.stop()


def _make_due(unit: Unit, certificate_id: str, opened: OpenDesk) -> None:
    task = unit.tasks.get(certificate_id)
    assert task is not None
    unit.tasks.replace(replace(task, due_at=opened.desk.clock.now()))
