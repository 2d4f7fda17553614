"""ModifyCertificatesExpiringNotificationSwitch, which says whose end is to be warned of."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from tests.actions.submitting import refusal
from tests.running import Client, RunningDesk

ACTION = "ModifyCertificatesExpiringNotificationSwitch"
UNKNOWN = "FailedOperation.CertificateNotFound"


def switch(client: Client, status: int, *orders: str) -> Any:  # noqa: ANN401 -- a reply
    """Say whether the end of certificates is to be warned of."""
    return client.call(ACTION, CertificateIds=list(orders), SwitchStatus=status)


def ignored(client: Client, *orders: str) -> list[bool]:
    """Give what the list says of each."""
    page = client.call("DescribeCertificates", CertIds=list(orders), Limit=100)
    shown = {each["CertificateId"]: each["IsIgnore"] for each in page["Certificates"]}
    return [shown[order] for order in orders]


def test_warnings_can_be_refused_and_asked_for_again(client: Client) -> None:
    """For several certificates at once; the list shows it."""
    one, two, third = client.buy(), client.buy(), client.buy()
    assert switch(client, 1, one, two)["CertificateIds"] == [one, two]
    assert ignored(client, one, two, third) == [True, True, False]
    switch(client, 0, one)
    assert ignored(client, one, two, third) == [False, True, False]


def test_a_certificate_may_be_named_twice(client: Client, order: str) -> None:
    """It is changed once."""
    assert switch(client, 1, order, order)["CertificateIds"] == [order, order]
    assert ignored(client, order) == [True]


def test_one_that_is_not_there_changes_none(desk: RunningDesk, client: Client, order: str) -> None:
    """Another account's is not there either."""
    foreign = desk.client(desk.account()).buy()
    for missing in ("AAAAAAAA", foreign):
        assert refusal(functools.partial(switch, client, 1, order, missing))[0] == UNKNOWN
    assert ignored(client, order) == [False]


def test_fifty_certificates_are_taken_at_once(client: Client) -> None:
    """As the vendor's page says."""
    orders = [client.buy() for _ in range(2)]
    code, message = refusal(lambda: switch(client, 1, *(f"AAAAAA{n}" for n in range(10, 61))))
    assert code == "InvalidParameter.CertificatesNumberExceeded"
    assert message.endswith("CertificateIds: must be 1 to 50 ids, not 51.")
    code, message = refusal(lambda: switch(client, 1))
    assert (code, message[-43:]) == (
        "FailedOperation",
        "CertificateIds: must be 1 to 50 ids, not 0.",
    )
    assert ignored(client, *orders) == [False, False]


@pytest.mark.parametrize("status", [2, 100])
def test_there_are_two_positions_of_the_switch(client: Client, order: str, status: int) -> None:
    """The refusal names them."""
    code, message = refusal(lambda: switch(client, status, order))
    assert code == "FailedOperation"
    assert message.endswith(f"SwitchStatus: must be 0 or 1, not {status}.")
