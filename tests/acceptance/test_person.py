"""`certdesk person`: a person is shown, and is gone from every file of a desk that runs on."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.canaries import digits, found, word
from tests.acceptance.processes import NO_RSA_STOCK, printed
from tests.running import Keys, RunningDesk, running

if TYPE_CHECKING:
    from tests.postgres import Cluster

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "data.md"
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


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody whose every value stands nowhere else."""

    first_name: str = dataclasses.field(default_factory=lambda: word("Ada"))
    last_name: str = dataclasses.field(default_factory=lambda: word("Person"))
    position: str = dataclasses.field(default_factory=lambda: word("Head of "))
    phone: str = dataclasses.field(default_factory=lambda: digits("86", 24))
    mail: str = dataclasses.field(default_factory=lambda: word("mail") + "@example.com")
    number: str = dataclasses.field(default_factory=lambda: digits("E", 24))

    @property
    def canaries(self) -> dict[str, bytes]:
        """What to look for: each value, and the parts of which the index of words has some."""
        values = {name: value.encode() for name, value in dataclasses.asdict(self).items()}
        # The index writes small letters, and leaves out what a word has in common with the last.
        texts = {"first name": self.first_name, "mail": self.mail.partition("@")[0]}
        return values | {
            f"indexed {name}": text.lower()[4:].encode() for name, text in texts.items()
        }


IN_THE_CLEAR = {"first_name", "last_name", "position", "mail", "indexed first name", "indexed mail"}


def entered(desk: RunningDesk, keys: Keys, person: Person) -> str:
    """Enter a person as a manager, and in an order: as its administrator and in its alias."""
    company = desk.company(keys)
    desk.manager(
        keys,
        company,
        status="ok",
        ManagerFirstName=person.first_name,
        ManagerLastName=person.last_name,
        ManagerPosition=person.position,
        ManagerPhone=person.phone,
        ManagerMail=person.mail,
        ManagerIdType="HZ",
        ManagerIdNumber=person.number,
    )
    client = desk.client(keys)
    order = client.buy()
    client.submit(
        order,
        AdminFirstName=person.first_name,
        AdminLastName=person.last_name,
        AdminTitle=person.position,
        AdminPhone=person.phone,
        AdminEmail=person.mail,
    )
    alias = f"{person.mail} (home) and {person.first_name} {person.last_name}"
    client.call("ModifyCertificateAlias", CertificateId=order, Alias=alias)
    return order


def standing(person: Person, places: list[tuple[str, bytes]]) -> set[str]:
    """Return which values of a person stand in some place."""
    return {each.partition(",")[0] for each in found(person.canaries, places)}


def test_a_person_who_is_erased_is_in_no_file_any_more(desk: RunningDesk) -> None:
    """Not in the database or its index of words, nor in what they overwrote, nor in their log."""
    person = Person()
    keys = desk.account()
    client = desk.client(keys)
    order = entered(desk, keys, person)
    assert standing(person, files(desk)) == IN_THE_CLEAR

    shown = printed(desk.run("person", "export", person.mail))
    assert [each["Record"] for each in shown["Records"]] == ["manager:1", f"order:{order}/1"]
    assert {each["Uin"] for each in shown["Records"]} == {keys.uin}
    refused = desk.run("person", "erase", "--phone", text=person.phone + "\n")
    assert refused.returncode == 1
    assert "cancel it (CancelCertificateOrder)" in refused.stderr
    client.call("CancelCertificateOrder", CertificateId=order)
    erased = printed(desk.run("person", "erase", "--identity", text=person.number + "\n"))
    # The manager's full name counts in what is written beside the order.
    assert [each["Record"] for each in erased["Erased"]] == ["manager:1", f"order:{order}"]
    erased = printed(desk.run("person", "erase", "--phone", text=person.phone + "\n"))
    assert [each["Record"] for each in erased["Erased"]] == [f"order:{order}/1"]

    assert found(person.canaries, files(desk)) == []
    outputs = json.dumps([refused.stderr, client.detail(order), erased])
    assert [value for value in dataclasses.astuple(person) if value in outputs] == []
    assert printed(desk.run("person", "export", person.mail))["Records"] == []


@pytest.mark.needs("postgres")
def test_what_the_guide_says_removes_a_person_from_the_files_of_postgresql(
    postgres: Cluster, tmp_path: Path
) -> None:
    """From rows that are gone, indexes and statistics, in every table there is."""
    person = Person()
    url = postgres.database()
    statements = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    with (
        running(tmp_path / "desk", settings=f'database = "{url}"\n{SETTINGS}') as desk,
        postgres.connect(url) as operator,
    ):
        keys = desk.account()
        # Beside another one: statistics have the values of both.
        desk.manager(keys, desk.company(keys))
        order = entered(desk, keys, person)
        operator.execute("ANALYZE")
        desk.client(keys).call("CancelCertificateOrder", CertificateId=order)
        desk.certdesk("person", "erase", person.mail)
        operator.execute("CHECKPOINT")
        assert standing(person, postgres.files(url)) == IN_THE_CLEAR

        # The checkpoint writes all of it, and a flush for each of the tables takes its time.
        operator.execute("SET synchronous_commit = off")
        for statement in "".join(statements).split(";")[:-1]:
            operator.execute(statement.encode())
        operator.execute("CHECKPOINT")
        assert found(person.canaries, postgres.files(url)) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("13112341234",), "has no @"),
        (("a@example.com", "--phone"), "either EMAIL or"),
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
