"""A PostgreSQL server of the tests' own: a throw-away cluster on a unix socket, fsync on."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from tools import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER = "certdesk"
PATIENCE_SECONDS = 60
"""How long to wait for another process or thread before a test fails."""
SYNC_AT_ONCE = "recovery_init_sync_method = syncfs\n" if sys.platform == "linux" else ""
NEW = ("--encoding=UTF8", "--no-sync")
EMPTY = """
DO $$ DECLARE made text; BEGIN
  SELECT string_agg(quote_ident(tablename), ', ') INTO made
    FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version';
  IF made IS NOT NULL THEN EXECUTE 'TRUNCATE ' || made || ' RESTART IDENTITY'; END IF;
END $$
"""


class Cluster:
    """A server, which can be stopped and started, and its databases."""

    def __init__(self, folder: Path) -> None:
        """Make the cluster in `folder`, or take the one that is there; `start` starts it.

        The folder is to have a short path.

        PostgreSQL does not run as root, so there another user gets the folder.
        """
        self.folder = folder
        self._programs = Path(servers.find("postgres") or "postgres").parent
        self._user = _unprivileged() if os.geteuid() == 0 else None
        self._numbers = itertools.count(1)
        self._shared = ""
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        # What comes with a new cluster need not survive a power cut; what is written to it does.
        if not (folder / "data").exists():
            self._run("initdb", "--auth=trust", f"--username={USER}", *NEW)
        (folder / "data" / "postgresql.auto.conf").write_text(
            f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nfsync = on\n"
            # A deadlock is looked for sooner, and a start after a crash syncs all files at once.
            "deadlock_timeout = 50ms\n" + SYNC_AT_ONCE
        )

    @property
    def socket(self) -> str:
        """The address of the server's socket."""
        return str(self.folder / ".s.PGSQL.5432")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder}/log")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` is as if the machine's power were cut."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def database(self) -> str:
        """Make an empty database; give its URL."""
        name = f"desk{next(self._numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def emptied_database(self) -> str:
        """Empty the one database that is made for tests of this kind; give its URL.

        Its tables stay, which saves most of the time of a new one.
        """
        self._shared = self._shared or self.database()
        with self.connect(self._shared) as connection:
            connection.execute(EMPTY)
        return self._shared

    def connect(self, url: str) -> contextlib.closing[psycopg.Connection[Any]]:
        """Open a database, by name or URL, as another program would."""
        place = url if "://" in url else self.url(url)
        return contextlib.closing(psycopg.connect(place, autocommit=True))

    def files(self, url: str) -> list[tuple[str, bytes]]:
        """Read every file of a database's tables and indexes, as they are on the disk."""
        with self.connect(url) as connection:
            asked = "SELECT oid FROM pg_database WHERE datname = current_database()"
            ((its,),) = connection.execute(asked)
        paths = sorted((self.folder / "data" / "base" / str(its)).iterdir())
        return [(path.name, path.read_bytes()) for path in paths]

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of the server's processes where they stand; its sockets go on taking bytes."""
        with self.connect("postgres") as connection:
            asked = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            pids = [pid for (pid,) in connection.execute(asked)]
        pids.append(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
        self._signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(pids, signal.SIGCONT)

    def _signal(self, pids: list[int], which: signal.Signals) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, which)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [self._programs / program, f"--pgdata={self.folder}/data", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **self.who(),
        )

    def who(self) -> dict[str, Any]:
        """Return as whom its programs run, as `subprocess` takes it."""
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd:
    """Find a user that may run a server: the package's own, or nobody."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a server as long as the context lasts; nothing is left of it."""
    # A socket's address has room for about a hundred bytes: not in the tests' own deep folders.
    folder = Path(tempfile.mkdtemp(prefix="certdesk-pg-"))
    try:
        made = Cluster(folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


def wait_until(holds: Callable[[], object]) -> None:
    """Wait until something holds that another process or thread brings about."""
    enough = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < enough
        time.sleep(0.01)


def waiting(foreign: psycopg.Connection[Any]) -> int:
    """Count the connections to the database that wait for a lock."""
    found = foreign.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    assert found
    return int(found[0])
