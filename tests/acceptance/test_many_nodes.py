"""Several desks, each a process of its own with a folder of its own, on one PostgreSQL database."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.bootstrap.vault import FIRST_START
from tests.acceptance.processes import NO_RSA_STOCK, environment
from tests.acceptance.test_replay import NO_ACCIDENT
from tests.actions.submitting import ADMIN, ORGANISATION, TECH
from tests.conformance.raw import Call
from tests.postgres import wait_until, waiting
from tests.running import PROGRAM, Keys, RunningDesk, running

if TYPE_CHECKING:
    from tests.postgres import Cluster

OV = 14

pytestmark = pytest.mark.needs("postgres")


def settings(url: str) -> str:
    """Give the settings of a desk on that database, without a limit and with few keys in stock."""
    return f'database = "{url}"\nrate.limit = 0\n{NO_RSA_STOCK}p_256 = 4\n'


@pytest.fixture(scope="module")
def url(postgres: Cluster) -> str:
    """An empty database."""
    return postgres.database()


@pytest.fixture(scope="module")
def nodes(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningDesk]]:
    """Two desks. The second has the key file of the first, and knows the keys that it has made."""
    folder = tmp_path_factory.mktemp("nodes")
    with ExitStack() as held:
        first = held.enter_context(running(folder / "one", settings=settings(url)))
        wait_until(lambda: first.certdesk("vault", "status")["KeyStock"]["ECC prime256v1"] == 4)
        (folder / "two").mkdir(mode=0o700)
        shutil.copy(folder / "one" / "kek.json", folder / "two" / "kek.json")
        second = held.enter_context(running(folder / "two", settings=settings(url)))
        yield [first, second]


def test_what_one_desk_took_another_shows(nodes: list[RunningDesk]) -> None:
    """An account opened at one buys there, hands in at the other, and reads at the first."""
    one, two = nodes
    keys = one.account()
    certificate_id = one.client(keys).buy()

    two.client(keys).submit(certificate_id, CertCommonName="shop.example.com")

    submitted = one.client(keys).detail(certificate_id)["SubmittedData"]
    assert submitted["CertificateDomain"] == "shop.example.com"


def test_a_command_goes_to_the_database_where_no_desk_runs_in_its_folder(
    nodes: list[RunningDesk], tmp_path: Path
) -> None:
    """With the key file, an operator may work from anywhere."""
    one, _ = nodes
    (tmp_path / "away").mkdir(mode=0o700)
    shutil.copy(one.folder / "kek.json", tmp_path / "away" / "kek.json")
    away = RunningDesk(tmp_path / "away", settings=settings(database_of(one)))

    keys = away.account()

    assert one.client(keys).buy()


def database_of(desk: RunningDesk) -> str:
    """Read a desk's database from its settings."""
    shown = desk.certdesk("settings")
    return next(str(each["Value"]) for each in shown if each["Name"] == "database")


def test_what_one_desk_showed_an_operator_counts_at_another(nodes: list[RunningDesk]) -> None:
    """The names are swapped after the look; a decision at the other desk is refused."""
    one, two = nodes
    client = one.client()
    order = client.buy(OV)
    company = {"CompanyType": 2, "ContactEmail": None, **ORGANISATION, **ADMIN, **TECH}
    client.submit(order, CertCommonName="here.example.com", **company)
    client.call("CertificateOrderSubmit", CertId=order)
    one.certdesk("review", "show", f"order:{order}")
    client.call("CancelAuditCertificate", CertificateId=order)
    client.call("ModifyCertificateResubmit", CertificateId=order)
    client.submit(order, CertCommonName="there.example.com", **company)
    client.call("CertificateOrderSubmit", CertId=order)
    done = two.run("review", "reject", f"order:{order}", "--reason", "no")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there.example.com" in done.stderr


def test_no_key_from_the_stock_is_given_twice(
    nodes: list[RunningDesk], postgres: Cluster, url: str
) -> None:
    """Both desks know the same keys; the transaction decides which order gets one."""
    keys = nodes[0].account()
    clients = [desk.client(keys) for desk in nodes]
    orders = [clients[0].buy() for _ in range(12)]

    def submit(number: int) -> None:
        clients[number % 2].submit(orders[number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(submit, range(len(orders))))

    with postgres.connect(url) as foreign:
        given = foreign.execute(
            "SELECT spki_sha256 FROM submissions WHERE certificate_id = ANY(%s)", (orders,)
        ).fetchall()
    assert (len(given), len(set(given))) == (12, 12)


def test_whatever_number_of_keys_others_used_a_request_gets_one(
    nodes: list[RunningDesk], postgres: Cluster, url: str
) -> None:
    """Five keys in turn are gone when the desk commits: more than it has ready."""
    client = nodes[0].client(nodes[0].account())
    order = client.buy()
    with postgres.connect(url) as foreign:
        # A row that does not go is to the desk one that has gone already. Sequences never go back.
        foreign.execute(
            "CREATE SEQUENCE passed_over; "
            "CREATE FUNCTION pass_over() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
            "IF nextval(''passed_over'') <= 5 THEN RETURN NULL; END IF; RETURN OLD; END'; "
            "CREATE TRIGGER pass_over BEFORE DELETE ON key_stock "
            "FOR EACH ROW EXECUTE FUNCTION pass_over()"
        )
        try:
            client.submit(order)
        finally:
            foreign.execute(
                "DROP TRIGGER pass_over ON key_stock; DROP FUNCTION pass_over; "
                "DROP SEQUENCE passed_over"
            )
    assert client.detail(order)["CertificatePrivateKey"]


def test_a_desk_comes_back_with_its_database(nodes: list[RunningDesk], postgres: Cluster) -> None:
    """While it is gone requests fail as unforeseen; afterwards the same desk answers again."""
    one, _ = nodes
    client = one.client()
    certificate_id = client.buy()

    postgres.stop("immediate")
    try:
        with pytest.raises(TencentCloudSDKException, match="InternalError"):
            client.detail(certificate_id)
    finally:
        postgres.start()

    def submitted() -> bool:
        try:
            client.submit(certificate_id)
        except TencentCloudSDKException as refused:
            # Signed in the second before the desk came back: what was used then is not known.
            if refused.code != "AuthFailure.SignatureExpire":
                raise
            return False
        return True

    wait_until(submitted)
    assert client.detail(certificate_id)["CertificateId"] == certificate_id


def test_a_folder_is_served_from_once(nodes: list[RunningDesk]) -> None:
    """The second desk there would take the first one's socket."""
    one, _ = nodes
    refused = one.run("serve", "--listen", "127.0.0.1:0")

    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"is in use by process {one.pid}" in refused.stderr


def test_a_desk_without_the_key_file_does_not_start(
    nodes: list[RunningDesk], tmp_path: Path
) -> None:
    """Nor does it make one: what the others sealed it could not read."""
    stranger = RunningDesk(tmp_path / "three", settings=settings(database_of(nodes[0])))
    refused = stranger.run("serve", "--listen", "127.0.0.1:0")

    assert refused.returncode == 3
    assert "there is no key file" in refused.stderr
    assert not (tmp_path / "three" / "kek.json").exists()


def test_the_settings_show_no_password(tmp_path: Path) -> None:
    """Of the database's URL everything else is shown."""
    desk = RunningDesk(
        tmp_path / "desk", settings=settings("postgresql://desk:s3cr3t@db:5433/desk")
    )

    assert database_of(desk) == "postgresql://desk:***@db:5433/desk"


def test_processes_that_start_at_once_begin_one_vault(postgres: Cluster, tmp_path: Path) -> None:
    """On an empty database: the second waits, and then uses what the first has made."""
    url = postgres.database()
    command = [PROGRAM, "account", "add", "test", "--data", str(tmp_path), "--database", url]
    with postgres.connect(url) as foreign:
        foreign.execute("SELECT pg_advisory_lock(hashtextextended(%s, 7))", (FIRST_START,))
        starting = [
            subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
            for _ in range(2)
        ]
        wait_until(lambda: waiting(foreign) == len(starting))
        foreign.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7))", (FIRST_START,))
        ends = [process.wait() for process in starting]
        opened = foreign.execute("SELECT count(*) FROM accounts").fetchone()

    assert (ends, opened) == ([0, 0], (2,))


def view_of(desk: RunningDesk, keys: Keys, order: str, timestamp: int) -> Call:
    """Sign a read of an order that shows no secret."""
    return Call(
        endpoint=desk.endpoint,
        host=desk.endpoint,
        keys=keys,
        action="DescribeCertificates",
        body=json.dumps({"CertIds": [order]}).encode(),
        timestamp=timestamp,
    )


def test_what_one_desk_has_seen_no_other_takes(nodes: list[RunningDesk]) -> None:
    """A read that was captured at one is no change at the other, later than within its second.

    Nor another read, whether an action has a limit or none.
    """
    one, two = nodes
    keys = one.account()
    one.certdesk("account", "limit", keys.uin, "DescribeManagers", "5")
    order = one.client(keys).buy()
    read = view_of(one, keys, order, int(time.time()))
    assert read.send().code == "ok"
    time.sleep(NO_ACCIDENT)

    elsewhere = dataclasses.replace(read, endpoint=two.endpoint)
    assert elsewhere.send().code == "ok"
    for action in ("CancelCertificateOrder", "DescribeCompanies", "DescribeManagers"):
        other = dataclasses.replace(elsewhere, action=action)
        assert other.send().code == "AuthFailure.SignatureExpire", action


def test_a_crash_of_the_server_makes_nothing_new(
    nodes: list[RunningDesk], postgres: Cluster
) -> None:
    """Its unlogged tables are empty then: what was signed before counts as seen."""
    one, two = nodes
    keys = one.account()
    order = one.client(keys).buy()
    # The server is back within a second.
    read = view_of(one, keys, order, int(time.time()) - 6)
    assert read.send().code == "ok"
    postgres.stop()
    postgres.start()

    change = dataclasses.replace(read, endpoint=two.endpoint, action="CancelCertificateOrder")
    wait_until(lambda: change.send().code == "AuthFailure.SignatureExpire")
    wait_until(lambda: one.client(keys).detail(order)["Status"] == 5)
