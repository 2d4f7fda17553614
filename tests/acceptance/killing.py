"""Processes that are killed at a named step of their work, forked so that they start at once."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from certdesk.bootstrap import OpenDesk, actions
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import Store, Unit

Result = TypeVar("Result")


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
        self.settle = store.settle
        self.close = store.close

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Write, in four steps."""
        name = getattr(commit, "__name__", "") or getattr(commit, "func", commit).__name__
        step = self._killer.step

        def stepping(unit: Unit) -> Result:
            step(f"{name} begins")
            result = commit(unit)
            step(f"{name} is not committed yet")
            return result

        step(f"{name} comes")
        result = self._store.write(stepping)
        step(f"{name} is durable")
        return result

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Write without steps; the engine does not."""
        return self._store.submit(commit)


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


def call(opened: OpenDesk, caller: Caller, name: str, **parameters: object) -> Any:  # noqa: ANN401
    """Carry an action out."""
    action = actions().find(name, internal=caller is OPERATOR)
    assert action is not None, name
    return opened.desk.perform(action, caller, action.decode(parameters), "steps")
