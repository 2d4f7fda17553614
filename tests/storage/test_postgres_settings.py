"""A database as it is found: whatever it sets for its sessions, the desk's are the same."""

from __future__ import annotations

import time
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.accounts.replay import Use
from certdesk.ports import COLLECTIONS, CollectionSpec, StoreUnavailable
from certdesk.storage.postgresql.admission import PostgresAdmission
from certdesk.storage.postgresql.pool import Pool
from certdesk.storage.postgresql.session_settings import PINNED, REFUSED, of_options
from certdesk.storage.postgresql.store import PostgresStore
from tests.contract.test_store import values
from tests.pgbouncer import pooling, through
from tests.storage.stores import add, names, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.postgres import Cluster

pytestmark = pytest.mark.needs("postgres")

ROUNDS = 3
TEXTS = {
    "datestyle": ("SQL, DMY", "German", "Postgres, MDY"),
    "timezone": ("Asia/Kolkata", "America/St_Johns", "Etc/GMT+12"),
    "client_encoding": ("LATIN1", "EUC_TW", "SQL_ASCII"),
    "search_path": ("nowhere", '"$user", pg_temp', ""),
    "extra_float_digits": ("-15", "-8", "0"),
    "gin_fuzzy_search_limit": ("1", "2", "3"),
    "idle_session_timeout": ("20s", "30s", "40s"),
}
"""What a database sets otherwise, beside every switch and every choice that its server has."""

NOT_OURS = {"transaction_isolation", "transaction_read_only", "transaction_deferrable"}
"""These are of one transaction alone."""


def set_otherwise(foreign: psycopg.Connection[Any], number: int) -> None:
    """Have a database set everything that a database may set to another value than it has."""
    found = foreign.execute(
        "SELECT name, boot_val, coalesce(enumvals, '{on,off}') FROM pg_settings"
        " WHERE context IN ('user', 'superuser') AND vartype IN ('bool', 'enum')"
    ).fetchall()
    refused = REFUSED.keys() | NOT_OURS | {"default_transaction_read_only"}
    wanted = {name: texts[number] for name, texts in TEXTS.items()}
    for name, usual, choices in found:
        others = [choice for choice in choices if choice != usual]
        if name not in refused:
            wanted[name] = others[number % len(others)]
    assert len(wanted) > 80
    with foreign.transaction():
        for name, value in wanted.items():
            foreign.execute(f"ALTER DATABASE {foreign.info.dbname} SET {name} = '{value}'".encode())


@pytest.fixture(scope="module", params=range(ROUNDS))
def odd_url(postgres: Cluster, request: pytest.FixtureRequest) -> str:
    """A database that sets everything otherwise."""
    url = postgres.database()
    with postgres.connect(url) as foreign:
        set_otherwise(foreign, request.param)
    return url


@pytest.fixture(scope="module")
def odd_store(odd_url: str) -> Iterator[PostgresStore]:
    """A store on it."""
    with opened(odd_url) as store:
        yield store


def kept_and_found(store: PostgresStore, spec: CollectionSpec[Any], record: object) -> list[object]:
    """Keep a record, find it by all of its fields, and remove it again."""
    fields = {name: getattr(record, name) for name in spec.fields}
    store.write(lambda unit: unit.collection(spec).add(record))
    found = store.read(lambda unit: unit.collection(spec).where(**fields))
    store.write(lambda unit: unit.collection(spec).remove(*spec.key_of(record)))
    return found


@settings(max_examples=1, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_record_survives_whatever_the_database_sets(
    odd_store: PostgresStore, data: st.DataObject
) -> None:
    """Each kind of record is read back as it was written, and found by each of its fields."""
    for spec in COLLECTIONS:
        drawn = {name: values(kind) for name, kind in spec.fields.items()}
        record = data.draw(st.builds(spec.record, **drawn))
        assert kept_and_found(odd_store, spec, record) == [record]


def test_requests_are_let_in_whatever_the_database_sets(
    odd_url: str,
) -> None:
    """A signature is known again, and a place is taken and given back."""
    now = time.time()
    use = Use(
        digest=b"one",
        uin="1",
        action="DescribeCompanies",
        timestamp=int(now),
        at=now,
        once=True,
        action_signed=False,
    )
    admission = PostgresAdmission(odd_url, first_service=True)
    for _ in range(2):
        slot = admission.take(use, 10)
        assert slot
        admission.leave(slot)
    admission.close()


def test_each_session_is_set_alike(odd_url: str) -> None:
    """A transaction that fails takes nothing of it back."""
    pool = Pool(odd_url, 1)
    with pool.connection() as connection:
        connection.exec_driver_sql("BEGIN")
        with pytest.raises(sqlalchemy.exc.DBAPIError):
            connection.exec_driver_sql("SELECT 1 / 0")
    with pool.connection() as connection:
        found = connection.exec_driver_sql("SELECT lower(name), setting FROM pg_settings")
        known = {str(name): str(value) for name, value in found}
    pool.close()

    assert {name: known[name] for name in PINNED if name in known} == {
        name: value for name, value in PINNED.items() if name in known
    }
    assert (known["client_encoding"], known["search_path"]) == ("UTF8", "public")
    assert (known["statement_timeout"], known["lock_timeout"]) == ("3000", "1500")


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("synchronous_commit", "off", "set synchronous_commit to on"),
        ("zero_damaged_pages", "on", "set zero_damaged_pages to off"),
        ("ignore_checksum_failure", "on", "set ignore_checksum_failure to off"),
        ("default_transaction_read_only", "on", "default_transaction_read_only is on for"),
    ],
)
def test_a_database_that_loses_what_is_acknowledged_or_takes_nothing_is_refused(
    url: str, foreign: psycopg.Connection[Any], setting: str, value: str, told: str
) -> None:
    """Somebody set it on purpose, so that the desk does not set it back."""
    alter = f"ALTER ROLE {foreign.info.user} IN DATABASE {foreign.info.dbname}"
    foreign.execute(f"{alter} SET {setting} = {value}".encode())
    try:
        with pytest.raises(StoreUnavailable, match=told):
            PostgresStore.open(url, rng=SystemRandom())
    finally:
        foreign.execute(f"{alter} RESET ALL".encode())


def test_the_url_names_a_schema_and_time_limits(
    postgres: Cluster,
) -> None:
    """By the client library's own word for it; a desk in one schema is not taken for another's."""
    url = postgres.database()
    with postgres.connect(url) as maker:
        maker.execute("CREATE SCHEMA tls")
        maker.execute(f"ALTER DATABASE {maker.info.dbname} SET search_path = tls".encode())
    named = f"{url}&options=-csearch_path%3Dtls%20-c%20statement_timeout%3D2s"
    with opened(named) as store:
        store.write(add("kek"))

    with postgres.connect(url) as maker:
        assert maker.execute("SELECT name FROM tls.marks").fetchall() == [("kek",)]
    with opened(named) as store:
        assert store.read(names) == ["kek"]
    with pytest.raises(StoreUnavailable, match=r"schema tls .* \?options=-csearch_path%3Dtls"):
        PostgresStore.open(url, rng=SystemRandom())


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ("", {}),
        ("-c a=b", {"a": "b"}),
        ("-ca=b --c-d=e\\ f", {"a": "b", "c_d": "e f"}),
        ("  -c   A.b=  -c c==", {"a.b": "", "c": "="}),
    ],
)
def test_options_of_a_url_are_read_as_the_server_reads_them(
    options: str, read: dict[str, str]
) -> None:
    """Both spellings, and a space behind a backslash."""
    assert of_options(options) == read


@pytest.mark.parametrize("options", ["-c", "a=b", "-c a", "-B 5", "-c -c a=b"])
def test_other_options_of_a_url_are_refused(url: str, options: str) -> None:
    """They would be lost."""
    with pytest.raises(StoreUnavailable, match="options in its URL are -c NAME=VALUE"):
        PostgresStore.open(f"{url}&options={options}", rng=SystemRandom())


def test_an_option_that_the_server_does_not_know_is_refused(url: str) -> None:
    """A mistyped path would begin a second desk beside the first."""
    with pytest.raises(StoreUnavailable, match=r'unrecognized .* "serach_path"'):
        PostgresStore.open(f"{url}&options=-cserach_path%3Dtls", rng=SystemRandom())


def test_the_url_names_a_role_that_owns_what_is_made(postgres: Cluster) -> None:
    """The server lists `role` nowhere among its settings, and takes it all the same."""
    url = postgres.database()
    with postgres.connect(url) as maker:
        role = f"keeper_of_{maker.info.dbname}"
        maker.execute(f"CREATE ROLE {role}".encode())
        maker.execute(f"ALTER DATABASE {maker.info.dbname} OWNER TO {role}".encode())
        with opened(f"{url}&options=-c%20role%3D{role}"):
            found = maker.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'")
            assert found.fetchone() == (role,)


# ------------------------------------------------------------------------------------------ pooler


@pytest.mark.needs("pgbouncer")
@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_does_not_keep_sessions_is_refused(
    postgres: Cluster, url: str, mode: str
) -> None:
    """Before anything is made in the database."""
    told = "pool_mode = session" if mode == "transaction" else "transaction blocks not allowed"
    with pooling(postgres, mode), pytest.raises(StoreUnavailable, match=told):
        PostgresStore.open(through(url), rng=SystemRandom())
