"""The opening of the database named by the settings, and what depends on its kind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certdesk.domain.values.mark import Mark
from certdesk.domain.values.record import Record
from certdesk.ports import Admission, Examiner, NamedLocks, Store, StoreUnavailable, Unit
from certdesk.settings import Settings, SettingsError
from certdesk.storage.checkup import FolderCheckup, SqliteCheckup
from certdesk.storage.lock import DeskLock
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.storage.memory_locks import MemoryLocks
from certdesk.storage.sqlite import LOCK_NAME, SqliteStore

# The modules of PostgreSQL are imported for a desk that uses it: they take a tenth of a start.
if TYPE_CHECKING:
    from certdesk.storage.postgresql.notices import PostgresNotices

DATABASE_NAME = "certdesk.db"
SQLITE = "sqlite:///"
SERVED_MARK = "served"
"""The mark of a desk that has been served, so that signatures may have been used."""

POSTGRESQL = ("postgresql://", "postgresql+psycopg://")


class Database(Record, kw_only=True, gc=True):
    """An open database.

    `shared` says whether other desks may use it too. `folders` are those that the desk writes to,
    and `examiners` check the database. `locks` are the open files that keep other processes out;
    processes that serve the same desk inherit them. `notices` go to the other desks, if there may
    be any.
    """

    store: Store
    admission: Admission
    named_locks: NamedLocks
    shared: bool
    folders: tuple[FolderCheckup, ...]
    examiners: tuple[Examiner, ...]
    locks: tuple[int, ...]
    notices: PostgresNotices | None = None


def open_database(
    settings: Settings,
    *,
    wait_seconds: float,
    serving: bool,
    several: bool,
    beginning: Callable[[], None],
) -> contextlib.AbstractContextManager[Database]:
    """Open the database while the context lasts; see `open_desk`.

    `several` processes may then join it (`join_database`).

    `beginning` is called before an empty one gets its tables; if it raises, it stays empty.

    Raises:
        SettingsError: the URL names another kind of database.
        DeskBusy: another process uses the folder.
        SchemaUnknown: a newer version of certdesk has written the database.
        StoreUnavailable: it cannot be used.
    """
    if _is_postgresql(settings):
        return _postgresql(settings, wait_seconds, serving=serving, beginning=beginning)
    if not database_path(settings).exists():
        beginning()
    return _sqlite(settings, wait_seconds, serving=serving, several=several)


@contextlib.contextmanager
def join_database(
    settings: Settings, locks: Sequence[int]
) -> Iterator[tuple[Store, Admission | None]]:
    """Open the database of the desk whose locks this process has inherited as open files.

    The admission is None if the process that holds the locks has it.

    Raises:
        StoreUnavailable: it cannot be used.
    """
    if not _is_postgresql(settings):
        path = database_path(settings)
        joined = SqliteStore.join(path, locks[0], on_sync_failure=_end_at_once)
        with contextlib.closing(joined):
            yield joined, None
        return
    from certdesk.bootstrap.postgresql import open_server  # noqa: PLC0415 - see above

    with open_server(settings.database, is_first_service=lambda _: False) as opened:
        yield opened


@contextlib.contextmanager
def _postgresql(
    settings: Settings, wait_seconds: float, *, serving: bool, beginning: Callable[[], None]
) -> Iterator[Database]:
    from certdesk.bootstrap.postgresql import open_server  # noqa: PLC0415 - see above
    from certdesk.storage.postgresql.notices import PostgresNotices  # noqa: PLC0415 - see above

    locks = []
    with contextlib.ExitStack() as opened:
        if serving:
            lock = opened.enter_context(_folder_lock(settings.folder, wait_seconds))
            locks.append(lock.descriptor)
        server = open_server(
            settings.database,
            is_first_service=lambda store: serving and _is_first_service(store),
            beginning=beginning,
        )
        store, admission = opened.enter_context(server)
        notices = PostgresNotices(settings.database)
        opened.callback(notices.close)
        yield Database(
            store=store,
            admission=admission,
            notices=notices,
            named_locks=store.locks,
            shared=True,
            folders=(FolderCheckup(settings.folder),),
            examiners=(store.examine,),
            locks=tuple(locks),
        )


@contextlib.contextmanager
def _sqlite(
    settings: Settings, wait_seconds: float, *, serving: bool, several: bool
) -> Iterator[Database]:
    path = database_path(settings)
    folders = dict.fromkeys([settings.folder, path.parent])
    store = SqliteStore.open(
        path, wait_seconds=wait_seconds, on_sync_failure=_end_at_once, shared=several
    )
    with contextlib.closing(store):
        first_service = serving and _is_first_service(store)
        yield Database(
            store=store,
            admission=MemoryAdmission(None if first_service else time.time()),
            named_locks=MemoryLocks(),
            shared=False,
            folders=tuple(FolderCheckup(folder) for folder in folders),
            examiners=(SqliteCheckup(path).examine,),
            locks=() if store.lock is None else (store.lock.descriptor,),
        )


def is_begun(settings: Settings) -> bool:
    """Return whether a desk exists, judged by its files; a server's database is not checked.

    Raises:
        SettingsError: the URL names another kind of database.
    """
    return _is_postgresql(settings) or database_path(settings).exists()


def database_file(settings: Settings) -> Path | None:
    """Return the file of the embedded database, or None for a server's.

    Raises:
        SettingsError: the URL names another kind of database.
    """
    return None if _is_postgresql(settings) else database_path(settings)


def database_path(settings: Settings) -> Path:
    """Return the file of the embedded database.

    Raises:
        SettingsError: the URL names another kind of database.
    """
    url = settings.database
    if not url:
        return settings.folder / DATABASE_NAME
    if not url.startswith(SQLITE):
        raise SettingsError(
            f"database: {url.partition(':')[0]} is not supported; "
            "use sqlite:///PATH or postgresql://HOST/NAME"
        )
    return Path(url.removeprefix(SQLITE))


def lock_file(settings: Settings) -> Path:
    """Return the file whose lock the process of a running desk holds.

    Raises:
        SettingsError: the URL names another kind of database.
    """
    return (database_file(settings) or settings.folder / DATABASE_NAME).with_name(LOCK_NAME)


def note_service(store: Store) -> None:
    """Record that a process serves the desk, before it sees any signature."""

    def commit(unit: Unit) -> None:
        if unit.marks.get(SERVED_MARK) is None:
            unit.marks.add(Mark(name=SERVED_MARK, value=b""))

    if _is_first_service(store):
        store.write(commit)


def _is_first_service(store: Store) -> bool:
    """Return whether this is the first process to serve the desk."""
    return store.read(lambda unit: unit.marks.get(SERVED_MARK)) is None


def _is_postgresql(settings: Settings) -> bool:
    return settings.database.startswith(POSTGRESQL)


def _folder_lock(folder: Path, wait_seconds: float) -> DeskLock:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DeskLock.acquire(folder / LOCK_NAME, wait_seconds)
    except OSError as error:
        raise StoreUnavailable(f"{folder} cannot be used: {error.strerror}") from error


def _end_at_once() -> None:
    """End the process: after a failed fsync the disk's state is unknown."""
    os.kill(os.getpid(), signal.SIGABRT)
