"""The engine in this process, to tell what its two halves cost without HTTP around them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.requests import CSRS, EXAMPLE
from bench.servers import ORDER, signed
from certdesk.bootstrap import DATABASE_NAME, actions, open_desk
from certdesk.domain.people.role import Role
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Caller, Desk
from certdesk.ports import Store, Unit, Vault
from certdesk.settings import Settings
from certdesk.storage.session import Library, Session, Sessions
from tests.running import COMPANY, MANAGER, Keys

Result = TypeVar("Result")

HOST = "desk"
"""What requests to the desk in this process say that it is called."""


class NotWriting:
    """A store that reads, and keeps the last commit instead of carrying it out."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self.read = store.read
        self.refusing = store.refusing
        self.checkpoint = store.checkpoint
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


class WritingHere:
    """A store that carries each write out at once, in the thread that asks for it."""

    def __init__(self, store: Store, session: Session) -> None:
        """Read from `store`, and write through `session`."""
        self.read = store.read
        self.refusing = store.refusing
        self.checkpoint = store.checkpoint
        self.close = store.close
        self._session = session

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in a transaction of its own."""
        self._session.run("BEGIN IMMEDIATE")
        result = commit(self._session.unit)
        self._session.run("COMMIT")
        return result

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Run it as well."""
        outcome: Future[Result] = Future()
        outcome.set_result(self.write(commit))
        return outcome


class OwnDesk:
    """A desk with an order, whose material is prepared and committed again and again."""

    def __init__(self, desk: Desk, database: Path, threads: ThreadPoolExecutor) -> None:
        """Enter what an order needs; `threads` wait for the writer."""
        self._desk = desk
        self._database = database
        self._threads = threads
        self._kept = NotWriting(desk.store)
        self._preparing = replace(desk, store=self._kept)
        account = perform(desk, OPERATOR, "AddAccount", Name="bench")
        self.uin: str = account["Uin"]
        self._keys = Keys(self.uin, account["SecretId"], account["SecretKey"])
        self._caller = Caller(
            uin=self.uin, actor=account["SecretId"], verified=True, role=Role.USER
        )
        company = perform(desk, OPERATOR, "AddCompany", Uin=self.uin, **COMPANY)
        manager = perform(
            desk, OPERATOR, "AddManager", Uin=self.uin, Status="ok", **MANAGER, **company
        )
        self._material = json.loads(EXAMPLE.read_text()) | {
            "CertId": self._buy(),
            "Csr": CSRS[KeyKind.P_256],
            "CompanyId": str(company["CompanyId"]),
            "ManagerId": str(manager["ManagerId"]),
        }

    @property
    def engine(self) -> Desk:
        """The desk itself."""
        return self._desk

    @property
    def secret_id(self) -> str:
        """The key that the account signs with."""
        return self._keys.secret_id

    @property
    def vault(self) -> Vault:
        """The desk's vault, in which the account has its keys."""
        return self._desk.vault

    def prepare(self) -> None:
        """Do all of a submission with a P-256 CSR but its commit."""
        perform(self._preparing, self._caller, "CertificateInfoSubmit", **self._material)

    def submissions(self, count: int) -> list[bytes]:
        """Buy orders and write the requests that hand their material in."""
        return [
            signed(
                self._keys,
                HOST,
                "CertificateInfoSubmit",
                self._material | {"CertId": self._buy()},
            )
            for _ in range(count)
        ]

    @contextlib.contextmanager
    def in_this_thread(self) -> Iterator[Desk]:
        """Give the desk with a store that has no thread of its own for writing."""
        session = Sessions(self._database, Library.find()).writer()
        try:
            yield replace(self._desk, store=WritingHere(self._desk.store, session))
        finally:
            session.discard()

    def _buy(self) -> str:
        bought = perform(self._desk, self._caller, "CreateCertificate", **ORDER)
        return str(bought["CertificateIds"][0])

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
        yield OwnDesk(opened.desk, folder / DATABASE_NAME, pool)


def perform(desk: Desk, caller: Caller, name: str, **parameters: object) -> dict[str, Any]:
    """Carry out an action; give the members of its reply."""
    action = actions().find(name, internal=caller is OPERATOR)
    assert action is not None, name  # noqa: S101 - names are written out above
    reply = desk.perform(action, caller, action.decode(parameters), "bench")
    members: dict[str, Any] = msgspec.to_builtins(reply)
    return members
