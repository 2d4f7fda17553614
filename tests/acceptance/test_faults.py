"""One write of a change fails, each in its turn: the change does not happen, and may be repeated.

After Boulder's tests of failing stores.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.database import Tables, change, opened, rows, tables
from tests.running import COMPANY, MANAGER, Keys, RunningDesk, running
from tests.web.raw import call

STOCK = 20
SETTINGS = f"keys.stock = {{ rsa_2048 = 0, rsa_4096 = 0, p_256 = {STOCK} }}\n"
INNER = "text for nobody but the log"
OF_ITSELF = {"key_stock", "marks", "sqlite_sequence"}
INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"

NUMBERS = itertools.count()
"""For names of accounts: two with one name are warned of."""

Attempt = Callable[[], str]
"""Tries the change once; gives the whole answer, empty where it was done."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with keys enough, so that nothing waits for one to be made."""
    with running(tmp_path_factory.mktemp("faults") / "data", settings=SETTINGS) as desk:
        yield desk


@pytest.fixture(scope="module")
def keys(desk: RunningDesk) -> Keys:
    """An account on it."""
    return desk.account()


def api(desk: RunningDesk, keys: Keys, action: str, **given: object) -> Attempt:
    """Give a try of an API action."""

    def attempt() -> str:
        answer = call(desk.endpoint, keys, action, json.dumps(given).encode())
        return answer.body.decode() if answer.code else ""

    return attempt


def command(desk: RunningDesk, *words: str) -> Attempt:
    """Give a try of an operator's command."""

    def attempt() -> str:
        done = desk.run(*words)
        assert done.returncode in (0, 1)
        return done.stderr

    return attempt


def material(certificate_id: str) -> dict[str, object]:
    """Give material of a company and people that the desk does not know yet."""
    return {
        "CertId": certificate_id,
        "GenCsrType": "online",
        "CertCommonName": "example.com",
        "CompanyType": 2,
        "CompanyId": "0",
        "ContactEmail": "contact@example.com",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "KeyPass": "pass phrase",
        "OrgOrganization": f"Company {certificate_id}",
        "OrgDivision": "Division",
        "OrgAddress": "1 High Street",
        "OrgCountry": "CN",
        "OrgCity": "Shenzhen",
        "OrgRegion": "Guangdong",
        "OrgPhoneArea": "0755",
        "OrgPhoneNumber": "86013388",
        "AdminFirstName": "Ada",
        "AdminLastName": "Admin",
        "AdminPhone": "13800138000",
        "AdminEmail": "admin@example.com",
        "AdminTitle": "Head",
        "TechFirstName": "Tom",
        "TechLastName": "Tech",
        "TechPhone": "13800138001",
        "TechEmail": "tech@example.com",
        "TechTitle": "Hand",
    }


def buy(desk: RunningDesk, keys: Keys) -> str:
    """Buy an order for an organisation."""
    return desk.client(keys).buy(product=28)


def submitting(desk: RunningDesk, keys: Keys) -> Attempt:
    """Hand in new material for a new order."""
    return api(desk, keys, "CertificateInfoSubmit", **material(buy(desk, keys)))


def buying(desk: RunningDesk, keys: Keys) -> Attempt:
    """Buy an order, in words that were not signed before: a signature is written down once."""
    tags = [{"TagKey": "bought", "TagValue": uuid.uuid4().hex}]
    return api(desk, keys, "CreateCertificate", ProductId=25, DomainNum=1, TimeSpan=1, Tags=tags)


def cancelling(desk: RunningDesk, keys: Keys) -> Attempt:
    """Give a new order up."""
    return api(desk, keys, "CancelCertificateOrder", CertificateId=buy(desk, keys))


def adding_an_account(desk: RunningDesk, _: Keys) -> Attempt:
    """Open an account."""
    return command(desk, "account", "add", f"another {next(NUMBERS)}")


def disabling_an_account(desk: RunningDesk, _: Keys) -> Attempt:
    """Shut an account out."""
    return command(desk, "account", "disable", desk.account().uin)


def adding_a_key(desk: RunningDesk, _: Keys) -> Attempt:
    """Give an account a second key."""
    return command(desk, "key", "add", desk.account().uin)


def rotating_a_key(desk: RunningDesk, _: Keys) -> Attempt:
    """Put a key in the place of another."""
    return command(desk, "key", "rotate", desk.account().secret_id)


def entering_a_company(desk: RunningDesk, _: Keys) -> Attempt:
    """Enter a company of a new account."""
    return command(desk, "company", "add", json.dumps(COMPANY), "--uin", desk.account().uin)


def entering_a_manager(desk: RunningDesk, _: Keys) -> Attempt:
    """Enter a manager of a new company."""
    new = desk.account()
    place = ("--uin", new.uin, "--company", str(desk.company(new)))
    return command(desk, "manager", "add", json.dumps(MANAGER), *place)


CHANGES: dict[Callable[[RunningDesk, Keys], Attempt], list[tuple[str, str]]] = {
    submitting: [
        (INSERT, "companies"),
        (INSERT, "managers"),
        (INSERT, "reviews"),
        (INSERT, "submissions"),
        (INSERT, "manager_names"),
        (UPDATE, "orders"),
        (DELETE, "key_stock"),
        (INSERT, "audit"),
        (INSERT, "usage"),
        (INSERT, "seen_signatures"),
    ],
    buying: [
        (INSERT, "orders"),
        (INSERT, "order_counts"),
        (INSERT, "audit"),
        (INSERT, "usage"),
        (INSERT, "seen_signatures"),
    ],
    cancelling: [
        (UPDATE, "orders"),
        (INSERT, "order_counts"),
        (INSERT, "audit"),
        (INSERT, "usage"),
        (INSERT, "seen_signatures"),
    ],
    adding_an_account: [
        (INSERT, "accounts"),
        (INSERT, "access_keys"),
        (INSERT, "audit"),
        (INSERT, "usage"),
    ],
    disabling_an_account: [(UPDATE, "accounts"), (INSERT, "audit"), (INSERT, "usage")],
    adding_a_key: [(INSERT, "access_keys"), (INSERT, "audit"), (INSERT, "usage")],
    rotating_a_key: [
        (UPDATE, "access_keys"),
        (INSERT, "access_keys"),
        (INSERT, "audit"),
        (INSERT, "usage"),
    ],
    entering_a_company: [(INSERT, "companies"), (INSERT, "audit"), (INSERT, "usage")],
    entering_a_manager: [
        (INSERT, "managers"),
        (INSERT, "reviews"),
        (INSERT, "audit"),
        (INSERT, "usage"),
    ],
}
"""Each change with all its writes; `test_these_are_all_the_writes` holds the list to the truth."""


def at_rest(desk: RunningDesk) -> Tables:
    """Read all tables once the desk rests: keys made, handed-in ones and orders looked at."""
    unfinished = (
        "SELECT (SELECT count(*) FROM key_stock) < ? "
        "OR EXISTS (SELECT 1 FROM submissions WHERE NOT inspected) "
        "OR EXISTS (SELECT 1 FROM tasks WHERE due_at IS NOT NULL)"
    )
    deadline = time.monotonic() + 30
    while rows(desk.folder, unfinished, STOCK) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return tables(desk.folder)


def kept(found: Tables) -> Tables:
    """Leave out what the making of keys and the probe of the desk change at any time."""
    return {name: found[name] for name in found if name not in OF_ITSELF}


@contextlib.contextmanager
def failing(
    desk: RunningDesk, how: str, operation: str, table: str, when: str = "1"
) -> Iterator[None]:
    """Let one kind of write fail as long as the context lasts."""
    change(
        desk.folder,
        f"CREATE TRIGGER fail BEFORE {operation} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE({how}, '{INNER}'); END",
    )
    try:
        yield
    finally:
        change(desk.folder, "DROP TRIGGER fail")


@pytest.mark.parametrize("make", CHANGES, ids=lambda make: make.__name__)
def test_these_are_all_the_writes(
    desk: RunningDesk, keys: Keys, make: Callable[[RunningDesk, Keys], Attempt]
) -> None:
    """A change that succeeds changes the tables of its list and no other."""
    attempt = make(desk, keys)
    before = kept(at_rest(desk))
    assert attempt() == ""
    after = kept(tables(desk.folder))
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {table for _, table in CHANGES[make]} - {"key_stock"}


@pytest.mark.parametrize(
    ("make", "operation", "table"),
    [(make, *write) for make, writes in CHANGES.items() for write in writes],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_write_that_fails_undoes_the_whole_change(
    desk: RunningDesk,
    keys: Keys,
    make: Callable[[RunningDesk, Keys], Attempt],
    operation: str,
    table: str,
) -> None:
    """InternalError without its reason, nothing changed, and the same request then succeeds."""
    attempt = make(desk, keys)
    before = at_rest(desk)
    with failing(desk, "ABORT", operation, table):
        answer = attempt()
        assert "InternalError" in answer
        assert INNER not in answer
    after = tables(desk.folder)
    assert kept(after) == kept(before)
    assert set(before["key_stock"]) <= set(after["key_stock"])
    assert attempt() == ""


def test_one_change_that_fails_does_not_take_its_neighbours_along(
    desk: RunningDesk, keys: Keys
) -> None:
    """Many changes share a transaction; each of them succeeds or fails by itself."""
    bought = [buy(desk, keys) for _ in range(12)]
    unlucky = bought[5]
    attempts = [api(desk, keys, "CertificateInfoSubmit", **material(each)) for each in bought]
    with (
        failing(desk, "ABORT", UPDATE, "orders", f"NEW.certificate_id = '{unlucky}'"),
        ThreadPoolExecutor(12) as threads,
    ):
        answers = list(threads.map(lambda attempt: attempt(), attempts))
    assert [each for each, answer in zip(bought, answers, strict=True) if answer] == [unlucky]
    assert "InternalError" in answers[5]
    submitted = rows(desk.folder, "SELECT certificate_id FROM submissions")
    assert set(submitted) & {(each,) for each in bought} == {
        (each,) for each in bought if each != unlucky
    }


def test_where_the_database_gives_the_transaction_up_nothing_is_acknowledged(
    desk: RunningDesk, keys: Keys
) -> None:
    """A full disk undoes the neighbours too; only what was answered as done is there."""
    bought = [buy(desk, keys) for _ in range(12)]
    attempts = [api(desk, keys, "CertificateInfoSubmit", **material(each)) for each in bought]
    with (
        failing(desk, "ROLLBACK", UPDATE, "orders", f"NEW.certificate_id = '{bought[5]}'"),
        ThreadPoolExecutor(12) as threads,
    ):
        answers = list(threads.map(lambda attempt: attempt(), attempts))
    assert all("InternalError" in answer for answer in answers if answer)
    done = {each for each, answer in zip(bought, answers, strict=True) if not answer}
    submitted = {each for (each,) in rows(desk.folder, "SELECT certificate_id FROM submissions")}
    assert submitted & set(bought) == done
    assert bought[5] not in done
    assert [attempt() for attempt in attempts] == [""] * 12


def test_a_database_that_somebody_else_has_locked_is_waited_for(
    desk: RunningDesk, keys: Keys
) -> None:
    """Some seconds; then the answer is InternalError, reads go on, and nothing is lost (row 9)."""
    attempt = submitting(desk, keys)
    read = api(desk, keys, "DescribeCompanies")
    before = kept(at_rest(desk))
    with opened(desk.folder, "rw") as other, ThreadPoolExecutor(1) as threads:
        other.execute("BEGIN IMMEDIATE")
        waiting = threads.submit(attempt)
        time.sleep(0.5)
        other.execute("COMMIT")
        assert waiting.result() == ""
        before = kept(at_rest(desk))
        other.execute("BEGIN IMMEDIATE")
        assert read() == ""
        assert "InternalError" in attempt()
        assert read() == ""
        other.execute("ROLLBACK")
    assert kept(tables(desk.folder)) == before
    assert attempt() == ""


def test_nothing_of_it_left_a_mark(desk: RunningDesk, keys: Keys) -> None:
    """The database is sound, and no key of the stock was lost or given twice."""
    assert submitting(desk, keys)() == ""
    assert rows(desk.folder, "PRAGMA integrity_check") == [("ok",)]
    twice = "SELECT spki_sha256 FROM submissions GROUP BY spki_sha256 HAVING count(*) > 1"
    assert rows(desk.folder, twice) == []
    assert Path(desk.folder, "certdesk.db").is_file()
