"""`certdesk person`: a person is shown, and is gone from every file of a desk that runs on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.canaries import digits, found, word
from tests.acceptance.processes import NO_RSA_STOCK, printed
from tests.running import RunningDesk

SETTINGS = 'log.level = "debug"\n' + NO_RSA_STOCK


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk that logs all it can."""
    running = RunningDesk(tmp_path / "data", settings=SETTINGS)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def files(desk: RunningDesk) -> list[tuple[str, bytes]]:
    """Read every file that the desk keeps, its log included."""
    paths = sorted(desk.folder.parent.rglob("*"))
    return [(path.name, path.read_bytes()) for path in paths if path.is_file()]


def test_a_person_who_is_erased_is_in_no_file_any_more(desk: RunningDesk) -> None:
    """Not in the database, nor in what it overwrote, nor in its write-ahead log."""
    person = {
        "first name": word("Ada"),
        "last name": word("Person"),
        "position": word("Head of "),
        "phone": digits("86", 24),
        "mail": word("mail") + "@example.com",
        "number": digits("E", 24),
    }
    canaries = {name: value.encode() for name, value in person.items()}
    keys = desk.account()
    client = desk.client(keys)
    company = desk.company(keys)
    desk.manager(
        keys,
        company,
        status="ok",
        ManagerFirstName=person["first name"],
        ManagerLastName=person["last name"],
        ManagerPosition=person["position"],
        ManagerPhone=person["phone"],
        ManagerMail=person["mail"],
        ManagerIdType="HZ",
        ManagerIdNumber=person["number"],
    )
    order = client.buy()
    client.submit(
        order,
        AdminFirstName=person["first name"],
        AdminLastName=person["last name"],
        AdminTitle=person["position"],
        AdminPhone=person["phone"],
        AdminEmail=person["mail"],
    )
    clear = {name: canaries[name] for name in ("first name", "last name", "position")}
    assert {each.partition(",")[0] for each in found(clear, files(desk))} == set(clear)

    shown = printed(desk.run("person", "export", person["mail"]))
    assert [each["Record"] for each in shown["Records"]] == ["manager:1", f"order:{order}/1"]
    assert {each["Uin"] for each in shown["Records"]} == {keys.uin}
    refused = desk.run("person", "erase", "--phone", text=person["phone"] + "\n")
    assert refused.returncode == 1
    assert "cancel it (CancelCertificateOrder)" in refused.stderr
    client.call("CancelCertificateOrder", CertificateId=order)
    erased = printed(desk.run("person", "erase", "--identity", text=person["number"] + "\n"))
    assert [each["Record"] for each in erased["Erased"]] == ["manager:1"]
    erased = printed(desk.run("person", "erase", "--phone", text=person["phone"] + "\n"))
    assert [each["Record"] for each in erased["Erased"]] == [f"order:{order}/1"]

    assert found(canaries, files(desk)) == []
    outputs = json.dumps([refused.stderr, client.detail(order), erased])
    assert [value for value in person.values() if value in outputs] == []
    assert printed(desk.run("person", "export", person["mail"]))["Records"] == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("13112341234",), "has no @"),
        (("a@example.com", "--phone"), "EMAIL alone"),
    ],
)
def test_a_number_is_not_taken_from_the_command_line(
    tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    """Others on the machine would see it there."""
    desk = RunningDesk(tmp_path / "data")
    done = desk.run("person", "export", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
