"""A desk behind PgBouncer, on a database that sets everything otherwise and loses something."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.watching import RED, WELL, told, until
from tests.pgbouncer import pooling, through
from tests.running import RunningDesk, running
from tests.storage.test_postgres_settings import set_otherwise

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.postgres import Cluster

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.needs("pgbouncer")]


@dataclasses.dataclass(frozen=True)
class Behind:
    """A desk, its pooler, and another program's connection to the database."""

    desk: RunningDesk
    pooler: contextlib.ExitStack
    cluster: Cluster
    foreign: psycopg.Connection[Any]

    def restart_pooler(self) -> None:
        """End every connection that the desk has, and begin anew."""
        self.pooler.close()
        self.pooler.enter_context(pooling(self.cluster, "session"))


@pytest.fixture(scope="module")
def behind(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A desk that runs there."""
    url = postgres.database()
    settings = f'database = "{through(url)}"\n{NO_RSA_STOCK}'
    with postgres.connect(url) as foreign, contextlib.ExitStack() as pooler:
        set_otherwise(foreign, 0)
        pooler.enter_context(pooling(postgres, "session"))
        folder = tmp_path_factory.mktemp("behind")
        with running(folder / "desk", settings=settings) as desk:
            yield Behind(desk, pooler, postgres, foreign)


def test_an_order_is_kept_found_and_shown(behind: Behind) -> None:
    """Also after the pooler was started anew."""
    client = behind.desk.client()
    bought = client.buy()
    behind.restart_pooler()
    until(lambda: told(behind.desk.url).status == WELL)

    client.submit(bought, CertCommonName="pooled.example.com")

    listed = client.call("DescribeCertificates", SearchKey="pooled")["Certificates"]
    assert [each["CertificateId"] for each in listed] == [bought]
    assert client.detail(bought)["SubmittedData"]["CertificateDomain"] == "pooled.example.com"


@contextlib.contextmanager
def lost_notes(foreign: psycopg.Connection[Any]) -> Iterator[None]:
    """Take the table of signatures away, without which no call is let in."""
    foreign.execute("ALTER TABLE public.sightings RENAME TO away")
    try:
        yield
    finally:
        foreign.execute("ALTER TABLE public.away RENAME TO sightings")


@contextlib.contextmanager
def writes_that_vanish(foreign: psycopg.Connection[Any]) -> Iterator[None]:
    """Have the database pass over what is written, without an error."""
    foreign.execute("CREATE RULE gone AS ON INSERT TO public.marks DO INSTEAD NOTHING")
    # The database says that its sessions replay those of another, in which rules do nothing.
    foreign.execute("ALTER TABLE public.marks ENABLE ALWAYS RULE gone")
    try:
        yield
    finally:
        foreign.execute("DROP RULE gone ON public.marks")


def test_a_desk_that_can_answer_no_call_is_red(behind: Behind) -> None:
    """Though it can write and read, and for as long as it lasts."""
    desk, client = behind.desk, behind.desk.client()
    with lost_notes(behind.foreign):
        with pytest.raises(TencentCloudSDKException, match="InternalError"):
            client.call("DescribeCompanies")
        until(lambda: told(desk.url, "/readyz").status == RED)
        assert told(desk.url).status == RED
        assert told(desk.url).text.startswith(
            "the desk cannot admit requests: the database cannot be"
        )

    until(lambda: told(desk.url, "/readyz").status == told(desk.url).status == WELL)
    assert client.call("DescribeCompanies")["TotalCount"] == 0


def test_a_desk_on_such_a_database_does_not_say_that_it_is_ready(behind: Behind) -> None:
    """It ends, and says why."""
    with writes_that_vanish(behind.foreign):
        until(lambda: told(behind.desk.url).status == RED)
        behind.desk.stop()
        ended = behind.desk.run("serve", "--listen", "127.0.0.1:0")
        assert (ended.returncode, ended.stdout) == (3, "")
        assert "the desk cannot write to the database: Taken" in ended.stderr
    behind.desk.start()
