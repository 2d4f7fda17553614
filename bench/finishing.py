"""Clients that take orders to their certificates: one by ACME, one by the desk's API.

Each runs in a process of its own with a few sessions at once, so that its CPU can be told apart
from the server's. The name server or web server that shows its proofs counts as the client's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from bench.acme import Account, AcmeSession, answering, csr_for, pauses
from bench.due import SINGLE_DV, material
from bench.load import connect, exchange
from bench.machine import Cores
from bench.names import Names
from bench.servers import signed
from bench.spread import name
from tests.running import Keys

SESSIONS = 16
ISSUED = 1
"""The status of an order that has its certificate."""


@dataclasses.dataclass(frozen=True)
class Finished:
    """Seconds on the clock, of the client's CPU, and until each certificate."""

    seconds: float
    cpu: float
    waits: list[float]


@contextlib.contextmanager
def finishing_process() -> Iterator[ProcessPoolExecutor]:
    """Have a process for `by_acme` and `by_api` as long as the context lasts."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        yield process


def by_acme(directory: str, http_port: int, each: int, cores: Cores) -> Finished:
    """Let each session of an ACME server finish so many certificates."""
    os.sched_setaffinity(0, cores)
    accounts = {f"127.0.77.{number}": Account() for number in range(1, SESSIONS + 1)}
    key = ec.generate_private_key(ec.SECP256R1())
    with answering(accounts, http_port):
        sessions = [
            functools.partial(
                AcmeSession(directory, account).finish, address, csr_for(address, key)
            )
            for address, account in accounts.items()
        ]
        return _together(sessions, each)


def by_api(
    endpoint: str, keys: Keys, names: Names, each: int, first: int, cores: Cores
) -> Finished:
    """Let each session of a desk finish so many certificates; `first` is the first one's number."""
    os.sched_setaffinity(0, cores)
    numbers = itertools.count(first)
    with contextlib.ExitStack() as held:
        sessions = [
            _DeskSession(
                held.enter_context(connect(endpoint)),
                held.enter_context(names.telling()),
                functools.partial(signed, keys, endpoint),
                names,
            )
            for _ in range(SESSIONS)
        ]
        finish = [lambda each=each: each.finish(name(next(numbers))) for each in sessions]
        return _together(finish, each)


class _DeskSession:
    """One connection to a desk, and one to the name server that shows its proofs."""

    def __init__(
        self,
        line: socket.socket,
        telling: socket.socket,
        sign: Callable[[str, Mapping[str, object]], bytes],
        names: Names,
    ) -> None:
        self._line = line
        self._telling = telling
        self._sign = sign
        self._names = names

    def finish(self, domain: str) -> None:
        """Buy, hand in the material, submit, prove, wait and download."""
        its = self._call("CreateCertificate", SINGLE_DV)["CertificateIds"][0]
        self._call("CertificateInfoSubmit", material(its, domain))
        self._call("CertificateOrderSubmit", {"CertId": its})
        asked = {"CertificateId": its}
        for proof in self._call("DescribeCertificateDetail", asked)["DvAuthDetail"]["DvAuths"]:
            record = f"{proof['DvAuthSubDomain']}.{proof['DvAuthDomain']}"
            self._names.publish(record, proof["DvAuthValue"], self._telling)
        self._call("CompleteCertificate", asked)
        for pause in pauses():
            if self._call("DescribeCertificate", asked)["Status"] == ISSUED:
                break
            time.sleep(pause)
        self._call("DownloadCertificate", asked)

    def _call(self, action: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        reply = json.loads(exchange(self._line, self._sign(action, parameters)))["Response"]
        if "Error" in reply:
            raise RuntimeError(f"{action}: {reply}")
        return dict(reply)


def _together(sessions: Sequence[Callable[[], object]], each: int) -> Finished:
    begin, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(len(sessions)) as threads:
        waits = [
            wait for some in threads.map(_repeat, sessions, [each] * len(sessions)) for wait in some
        ]
    return Finished(time.monotonic() - begin, time.process_time() - cpu, waits)


def _repeat(finish: Callable[[], object], times: int) -> list[float]:
    waits = []
    for _ in range(times):
        begin = time.monotonic()
        finish()
        waits.append(time.monotonic() - begin)
    return waits
