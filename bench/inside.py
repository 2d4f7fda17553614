"""The engine in this process, to tell what its two halves cost without HTTP around them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.rows import CSRS, EXAMPLE
from bench.servers import ORDER
from certdesk.bootstrap import actions, open_desk
from certdesk.catalog import OPERATOR, Caller, Desk
from certdesk.domain.keys import KeyKind
from certdesk.ports import Store, Unit, Vault
from certdesk.settings import Settings
from certdesk.wire.decode import decode
from tests.running import COMPANY, MANAGER

Result = TypeVar("Result")


class NotWriting:
    """A store that reads, and keeps the last commit instead of carrying it out."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self.read = store.read
        self.close = store.close
        self.commit: Callable[[Unit], object] = lambda _: None

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Keep the commit; there is no result, and nobody here looks at one."""
        self.commit = commit
        return None  # type: ignore[return-value] # as the docstring says

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Keep the commit; its outcome never comes."""
        self.commit = commit
        return Future()


class OwnDesk:
    """A desk with an order, whose material is prepared and committed again and again."""

    def __init__(self, desk: Desk, threads: ThreadPoolExecutor) -> None:
        """Enter what an order needs; `threads` wait for the writer."""
        self._desk = desk
        self._threads = threads
        self._kept = NotWriting(desk.store)
        self._preparing = dataclasses.replace(desk, store=self._kept)
        account = perform(desk, OPERATOR, "AddAccount", Name="bench")
        self.uin: str = account["Uin"]
        self._caller = Caller(uin=self.uin, actor=account["SecretId"], verified=True)
        company = perform(desk, OPERATOR, "AddCompany", Uin=self.uin, **COMPANY)
        manager = perform(
            desk, OPERATOR, "AddManager", Uin=self.uin, Status="ok", **MANAGER, **company
        )
        bought = perform(desk, self._caller, "CreateCertificate", **ORDER)
        self._material = json.loads(EXAMPLE.read_text()) | {
            "CertId": bought["CertificateIds"][0],
            "Csr": CSRS[KeyKind.P_256],
            "CompanyId": str(company["CompanyId"]),
            "ManagerId": str(manager["ManagerId"]),
        }

    @property
    def vault(self) -> Vault:
        """The desk's vault, in which the account has its keys."""
        return self._desk.vault

    def prepare(self) -> None:
        """Do all of a submission with a P-256 CSR but its commit."""
        perform(self._preparing, self._caller, "CertificateInfoSubmit", **self._material)

    def commit(self, count: int) -> None:
        """Commit what was prepared last so many times, from threads that wait for the disk."""
        write, commit = self._desk.store.write, self._kept.commit
        list(self._threads.map(lambda _: write(commit), range(count)))


@contextlib.contextmanager
def own_desk(folder: Path, threads: int) -> Iterator[OwnDesk]:
    """Open a desk in this process; its background work does not run."""
    with (
        open_desk(Settings(data=str(folder))) as opened,
        ThreadPoolExecutor(threads) as pool,
    ):
        yield OwnDesk(opened.desk, pool)


def perform(desk: Desk, caller: Caller, name: str, **parameters: object) -> dict[str, Any]:
    """Carry out an action; give the members of its reply."""
    action = actions().find(name, internal=caller is OPERATOR)
    assert action is not None, name  # noqa: S101 - names are written out above
    reply = desk.perform(action, caller, decode(parameters, action.request), "bench")
    members: dict[str, Any] = msgspec.to_builtins(reply)
    return members
