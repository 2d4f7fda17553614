"""A database of another version, and an empty one in the place of the desk's own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.storage.migrate import newest_revision
from tests.acceptance.newer import NEWER, newer_version
from tests.acceptance.processes import NO_RSA_STOCK, Served, certdesk, serving
from tests.acceptance.watching import RED, told, until
from tests.running import RunningDesk, running

if TYPE_CHECKING:
    from tests.postgres import Cluster

FAILED = 3


def events(log: str, event: str) -> list[dict[str, object]]:
    """Return the lines of a log that tell of something."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


@pytest.fixture
def url(postgres: Cluster) -> str:
    """An empty database of PostgreSQL."""
    return postgres.database()


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which the program is of a newer version."""
    return newer_version(tmp_path_factory.mktemp("newer"))


@pytest.mark.needs("postgres")
def test_nobody_migrates_a_database_under_a_desk_of_an_older_version(
    postgres: Cluster, url: str, newer: dict[str, str], tmp_path: Path
) -> None:
    """The text says who is there; once nobody is, the log says from where to where it went."""
    elsewhere = ("--data", str(tmp_path / "elsewhere"), "--database", url)
    words = ("serve", "--data", str(tmp_path / "data"), *elsewhere[2:], "--listen", "127.0.0.1:0")
    with serving(tmp_path / "older", *words), postgres.connect(url) as connection:
        refused = certdesk("account", "list", *elsewhere, variables=newer)
        assert (refused.returncode, refused.stdout) == (FAILED, "")
        assert "certdesk of another version uses the database (" in refused.stderr
        assert ", from this machine), and could not use it after a migration" in refused.stderr
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert found == (newest_revision(),)

    with serving(tmp_path / "log", *words, variables=newer):
        (line,) = events((tmp_path / "log").read_text(), "the database was migrated")
    assert (line["from_revision"], line["to_revision"]) == (newest_revision(), NEWER)


@pytest.mark.needs("postgres")
def test_a_desk_whose_database_was_migrated_by_a_newer_one_works_no_more(
    postgres: Cluster, url: str, tmp_path: Path
) -> None:
    """It says so wherever it is watched, and refuses calls; in its database nothing is changed."""
    settings = f'database = "{url}"\n{NO_RSA_STOCK}p_256 = 0\n'
    with running(tmp_path / "data", settings=settings) as desk, postgres.connect(url) as newer:
        client = desk.client()
        client.buy()
        newer.execute("UPDATE alembic_version SET version_num = %s", (NEWER,))
        with pytest.raises(TencentCloudSDKException, match="internal error"):
            client.buy()
        text = f"another version of certdesk has migrated the database to revision {NEWER}"
        # At once: the call has found it, whenever the next check is.
        for path in ("/readyz", "/healthz"):
            assert told(desk.url, path).status == RED
            assert text in told(desk.url, path).text
        until(lambda: text in desk.log)
        assert text in desk.run("doctor").stdout
        assert newer.execute("SELECT count(*) FROM orders").fetchone() == (1,)


@pytest.mark.needs("postgres")
def test_doctor_tells_of_a_database_that_does_not_answer_beside_a_running_desk(
    postgres: Cluster, url: str, tmp_path: Path
) -> None:
    """What it finds of the rest, it tells too."""
    settings = f'database = "{url}"\n{NO_RSA_STOCK}p_256 = 0\n'
    with running(tmp_path / "data", settings=settings) as desk:
        postgres.stop()
        try:
            done = desk.run("doctor")
        finally:
            postgres.start()
    assert done.returncode == 1
    assert "fail  database      the server does not answer" in done.stdout
    assert "  disk  " in done.stdout


def test_a_file_of_an_older_version_is_migrated_with_a_line(
    embedded: Path, newer: dict[str, str], tmp_path: Path
) -> None:
    """From where to where; what was there is there, and the older version refuses it after that."""
    before = certdesk("account", "list", "--data", str(embedded))
    serve(tmp_path / "first", embedded, variables=newer)
    (line,) = events((tmp_path / "first").read_text(), "the database was migrated")
    assert (line["from_revision"], line["to_revision"]) == (newest_revision(), NEWER)
    migrated = certdesk("account", "list", "--data", str(embedded), variables=newer)
    assert migrated.stdout == before.stdout

    refused = certdesk("account", "list", "--data", str(embedded))
    assert (refused.returncode, refused.stdout) == (FAILED, "")
    assert f"the database is at revision {NEWER}" in refused.stderr
    assert "a newer version wrote it" in refused.stderr


def test_a_file_from_before_the_first_release_is_refused_with_what_to_do(embedded: Path) -> None:
    """By the server, by commands, and by doctor, which has a remedy for it."""
    with closing(sqlite3.connect(embedded / "certdesk.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0033'")
    data = ("--data", str(embedded))
    for words in (("serve", "--listen", "127.0.0.1:0", *data), ("account", "list", *data)):
        refused = certdesk(*words)
        assert (refused.returncode, refused.stdout) == (FAILED, "")
        assert "before the first release" in refused.stderr
        assert "begin again in another folder or database (--data, --database)" in refused.stderr
    assert "-> begin again in another folder or database" in certdesk("doctor", *data).stdout


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Path]:
    """The folder of a desk that has its data in SQLite."""
    folder = tmp_path / "data"
    RunningDesk(folder).account()
    yield folder
    assert (folder / "certdesk.db").exists()


def serve(log: Path, folder: Path, *words: str, variables: dict[str, str] | None = None) -> Served:
    """Start a desk on a folder, and end it again."""
    asked = ("serve", "--data", str(folder), "--listen", "127.0.0.1:0", *words)
    with serving(log, *asked, variables=variables) as served:
        return served


@pytest.mark.needs("postgres")
def test_an_empty_database_does_not_take_the_place_of_the_desks_own(
    postgres: Cluster, embedded: Path, url: str, tmp_path: Path
) -> None:
    """Unless that is wanted; from then on the folder's desk has the new one, and not the old."""
    words = ("--data", str(embedded), "--database", url)
    for asked in (["serve", "--listen", "127.0.0.1:0"], ["account", "add", "test"]):
        refused = certdesk(*asked, *words)
        assert (refused.returncode, refused.stdout) == (FAILED, "")
        assert f"has its data in {embedded / 'certdesk.db'}" in refused.stderr
        assert "--new-database" in refused.stderr
    with postgres.connect(url) as connection:
        made = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert made.fetchone() == (0,)

    serve(tmp_path / "log", embedded, "--database", url, "--new-database")
    other = postgres.database()
    refused = certdesk("serve", "--data", str(embedded), "--database", other)
    assert f"has its data in {url}" in refused.stderr


@pytest.mark.needs("postgres")
def test_a_desk_on_postgresql_is_not_begun_anew_in_a_file_where_its_url_was_forgotten(
    url: str, tmp_path: Path
) -> None:
    """A variable that is missing after a move would else be an empty desk."""
    folder = tmp_path / "data"
    serve(tmp_path / "log", folder, "--database", url)
    refused = certdesk("serve", "--data", str(folder), "--listen", "127.0.0.1:0")
    assert refused.returncode == FAILED
    assert f"has its data in {url}" in refused.stderr
    assert not (folder / "certdesk.db").exists()


@pytest.mark.needs("postgres")
def test_a_password_in_a_databases_url_is_neither_kept_nor_told(url: str, tmp_path: Path) -> None:
    """In the query too, and where the operator has noted it."""
    folder, secret = tmp_path / "data", "Other9"
    queried = f"{url}&password={secret}&sslpassword={secret}"
    words = ("--data", str(folder), "--database", queried)
    assert certdesk("account", "add", "test", *words).returncode == 0
    note = folder / "database"
    assert note.read_text("utf-8") == f"{url}&password=***&sslpassword=***\n"
    note.write_text(f"{queried}\n", "utf-8")
    forgotten = certdesk("serve", "--data", str(folder), "--listen", "127.0.0.1:0")
    nobody = f"postgresql://u:p@127.0.0.1:1/d?password={secret}"
    refused = certdesk("account", "list", "--data", str(tmp_path / "other"), "--database", nobody)
    shown = certdesk("settings", *words)
    assert (forgotten.returncode, refused.returncode, shown.returncode) == (FAILED, FAILED, 0)
    assert f"has its data in {url}&password=***" in forgotten.stderr
    assert "password=***" in refused.stderr
    for told_of in (forgotten, refused, shown):
        assert secret not in told_of.stdout + told_of.stderr
    assert certdesk("account", "list", *words).returncode == 0
    assert secret not in note.read_text("utf-8")


def test_a_file_elsewhere_does_not_take_the_place_of_the_desks_own(
    embedded: Path, tmp_path: Path
) -> None:
    """Nor is it made."""
    elsewhere = tmp_path / "elsewhere.db"
    refused = certdesk("serve", "--data", str(embedded), "--database", f"sqlite:///{elsewhere}")
    assert refused.returncode == FAILED
    assert f"{elsewhere} is empty, and the desk of {embedded} has its data in" in refused.stderr
    assert not elsewhere.exists()


def test_a_new_desk_may_name_its_own_file_by_another_path(tmp_path: Path) -> None:
    """It is the file that the folder would have anyway, as where one of both paths is relative."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    serve(tmp_path / "log", data, "--database", f"sqlite:///{data}/../data/certdesk.db")
    assert not (data / "database").exists()
