"""What was altered in the database opens nowhere."""

from __future__ import annotations

import json

import pytest

from certdesk.domain.errors import InternalError
from tests.acceptance.database import change, rows
from tests.running import Keys, RunningDesk
from tests.web.raw import call


class Sealed:
    """Three orders of an account with sealed values, to be altered in the file."""

    def __init__(self, desk: RunningDesk) -> None:
        """Buy and submit."""
        self.desk = desk
        self.client = desk.client()
        self.orders = [self.client.buy() for _ in range(3)]
        for number, order in enumerate(self.orders):
            mail = f"contact{number}@example.com"
            self.client.submit(order, KeyPass=f"pass {number}", ContactEmail=mail)

    def codes(self) -> list[str]:
        """Read each order; give the error codes, "" where it is shown whole."""
        return [self.code(order) for order in self.orders]

    def code(self, order: str) -> str:
        """Read an order; an InternalError has to be worded as every other."""
        keys = self.client.sdk.credential
        asked = json.dumps({"CertificateId": order}).encode()
        reading = Keys("", keys.secret_id, keys.secret_key)
        answer = call(self.desk.endpoint, reading, "DescribeCertificateDetail", asked)
        if answer.code == "InternalError":
            assert answer.response["Error"]["Message"] == InternalError.text
        else:
            assert answer.response["CertificatePrivateKey"]
        return answer.code

    def swap(self, column: str) -> None:
        """Let the first two orders change their values of a column."""
        first, second, _ = self.orders
        change(
            self.desk.folder,
            f"CREATE TEMP TABLE kept AS SELECT certificate_id, {column} AS value FROM submissions",  # noqa: S608 -- our names
            f"UPDATE submissions SET {column} = (SELECT value FROM kept WHERE certificate_id = "  # noqa: S608 -- our names
            f"CASE submissions.certificate_id WHEN '{first}' THEN '{second}' ELSE '{first}' END) "
            f"WHERE certificate_id IN ('{first}', '{second}')",
        )


@pytest.fixture
def sealed(desk: RunningDesk) -> Sealed:
    """Three orders on the desk of the module."""
    return Sealed(desk)


@pytest.mark.parametrize("column", ["personal", "private_key"])
def test_two_sealed_values_that_changed_places_open_nowhere(sealed: Sealed, column: str) -> None:
    """The two reads fail, the third order is not touched, and back in place all is well."""
    before = len(sealed.desk.log)
    sealed.swap(column)
    assert sealed.codes() == ["InternalError", "InternalError", ""]
    events = [json.loads(line) for line in sealed.desk.log[before:].splitlines()]
    reasons = [event["exception"] for event in events if event["event"] == "unforeseen"]
    assert len(reasons) == 2
    assert all(f"VaultError: submissions.{column} of " in reason for reason in reasons)
    sealed.swap(column)
    assert sealed.codes() == ["", "", ""]


def test_a_sealed_value_does_not_open_in_another_column(sealed: Sealed) -> None:
    """Not even in its own row: a pass phrase is not shown as a private key."""
    first = sealed.orders[0]
    change(
        sealed.desk.folder,
        f"UPDATE submissions SET private_key = key_pass WHERE certificate_id = '{first}'",  # noqa: S608 -- our id
    )
    assert sealed.codes() == ["InternalError", "", ""]


def test_a_sealed_value_with_one_bit_changed_does_not_open(sealed: Sealed) -> None:
    """Each bit counts: the first, one in the middle, and the last."""
    order = sealed.orders[0]
    where = f"WHERE certificate_id = '{order}'"
    ((good,),) = rows(sealed.desk.folder, f"SELECT personal FROM submissions {where}")  # noqa: S608 -- our id
    for place in (0, len(good) // 2, len(good) - 1):
        bad = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        change(sealed.desk.folder, f"UPDATE submissions SET personal = x'{bad.hex()}' {where}")  # noqa: S608 -- our id
        assert sealed.codes() == ["InternalError", "", ""]
    change(sealed.desk.folder, f"UPDATE submissions SET personal = x'{good.hex()}' {where}")  # noqa: S608 -- our id
    assert sealed.codes() == ["", "", ""]


def test_a_secret_key_that_was_put_under_another_id_signs_for_nobody(desk: RunningDesk) -> None:
    """Whoever can write the file cannot give a key of theirs another's rights."""
    thief, victim, third = desk.account(), desk.account(), desk.account()
    change(
        desk.folder,
        "UPDATE access_keys SET sealed_secret = (SELECT sealed_secret FROM access_keys AS own "  # noqa: S608 -- our ids
        f"WHERE own.secret_id = '{thief.secret_id}') WHERE secret_id = '{victim.secret_id}'",
    )
    forged = Keys(victim.uin, victim.secret_id, thief.secret_key)
    for keys, code in ((forged, "InternalError"), (victim, "InternalError"), (third, "")):
        assert call(desk.endpoint, keys, "DescribeCompanies", b"{}").code == code
