"""Notices between processes of one database: what one sends, the others receive."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.storage.postgresql.notices import CHANNEL, PostgresNotices
from tests.postgres import PATIENCE_SECONDS, wait_until

if TYPE_CHECKING:
    import psycopg

    from tests.postgres import Cluster

pytestmark = pytest.mark.needs("postgres")

LISTENING = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"


class Receiver:
    """A process that listens, and what it received since it last looked."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is received yet."""
        self.notices = PostgresNotices(url)
        self.received = threading.Event()
        self.notices.call(self.received.set)

    def next(self) -> bool:
        """Wait for a notice; return whether one came."""
        came = self.received.wait(PATIENCE_SECONDS)
        self.received.clear()
        return came


@pytest.fixture
def url(postgres: Cluster) -> str:
    """An empty database."""
    return postgres.emptied_database()


@pytest.fixture
def foreign(postgres: Cluster, url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another program's connection to the same database."""
    with postgres.connect(url) as connection:
        yield connection


@contextlib.contextmanager
def listening(url: str) -> Iterator[Receiver]:
    """Listen as long as the context lasts; it begins once the first look is over."""
    receiver = Receiver(url)
    receiver.notices.start()
    try:
        assert receiver.next()
        yield receiver
    finally:
        receiver.notices.stop()
        receiver.notices.close()


def test_a_notice_reaches_the_other_processes_and_not_its_sender(url: str) -> None:
    """Whoever sent it knows already."""
    with listening(url) as one, listening(url) as other:
        one.notices.send()
        assert other.next()
        other.notices.send()
        assert one.next()
        assert not other.received.is_set()


def test_a_process_that_does_not_listen_can_send(url: str) -> None:
    """As a command does, which ends soon."""
    command = PostgresNotices(url)
    with contextlib.closing(command), listening(url) as receiver:
        command.send()
        assert receiver.next()


def test_a_lost_connection_is_replaced_and_counts_as_a_notice(
    url: str, foreign: psycopg.Connection[Any]
) -> None:
    """What was sent meanwhile is not known."""
    with listening(url) as receiver:
        ((pid,),) = foreign.execute(LISTENING).fetchall()
        foreign.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert receiver.next()
        wait_until(lambda: foreign.execute(LISTENING).fetchall() not in ([], [(pid,)]))

        foreign.execute(f"NOTIFY {CHANNEL}")
        assert receiver.next()


def test_sending_where_the_server_is_not_there_does_nothing(postgres: Cluster) -> None:
    """Background work looks from time to time anyway."""
    gone = PostgresNotices(f"postgresql://certdesk@/none?host={postgres.folder}")
    with contextlib.closing(gone):
        gone.send()
