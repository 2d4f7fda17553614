"""Calls that clients of several languages make, each language's in one process of its own.

A client's process reads a list of jobs from stdin as JSON and writes a list of outcomes.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON_CLIENTS = ROOT / ".venv" / "clients"
"""Clients that cannot be in the environment itself (requirements/clients.txt)."""
NODE_CLIENTS = ROOT / ".venv" / "node" / "node_modules"
"""Clients for Node (tests/clients/package-lock.json)."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call. An empty `sign` is the client's own default.

    `roots` is a file of them for a client that is told of it by its own code.
    """

    endpoint: str
    protocol: str = "http"
    roots: str | None = None
    secret_id: str
    secret_key: str
    token: str | None = None
    region: str = ""
    method: str = "POST"
    sign: str = ""
    unsigned: bool = False
    multipart: bool = False
    action: str = ""
    parameters: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job: the members of the reply, or the code and text of the error."""

    reply: dict[str, Any] | None = None
    code: str = ""
    message: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A process that carries jobs out: its words, and what its environment has beside ours."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def run(self, jobs: list[Job]) -> list[Outcome]:
        """Carry jobs out, one after the other."""
        done = subprocess.run(
            self.words,
            cwd=ROOT,
            env=os.environ | self.environment,
            input=json.dumps([dataclasses.asdict(job) for job in jobs]),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [Outcome(**outcome) for outcome in json.loads(done.stdout)]


def python_sdk() -> Runner:
    """Give the official SDK of the international edition."""
    return Runner(words=(sys.executable, "-m", "tests.clients.sdk"))


def mainland_sdk() -> Runner:
    """Give the official SDK of the mainland's edition, whose modules have the same names."""
    return dataclasses.replace(python_sdk(), environment={"PYTHONPATH": str(PYTHON_CLIENTS)})


def signed_requests() -> Runner:
    """Give `requests` with the signatures of `qcloud-requests-auth`."""
    words = (sys.executable, "-m", "tests.clients.signed_requests")
    return Runner(words=words, environment={"PYTHONPATH": str(PYTHON_CLIENTS)})


def node(client: str) -> Runner:
    """Give a client for Node: `sdk` or `capi`."""
    return Runner(
        words=("node", "tests/clients/node.cjs", client),
        environment={"NODE_PATH": str(NODE_CLIENTS)},
    )


def carry_out(call: Callable[[Job], Outcome]) -> None:
    """Read jobs from stdin and write what `call` makes of them, in a client's process."""
    jobs = [Job(**job) for job in json.load(sys.stdin)]
    json.dump([dataclasses.asdict(call(job)) for job in jobs], sys.stdout)
