"""What is too long or too much is refused before it is parsed, in the words of the action."""

from __future__ import annotations

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.running import Client

INVALID = "FailedOperation.InvalidParam"


def refusal(client: Client, order: str, **changes: object) -> tuple[str, str]:
    """Give code and message of refused material."""
    with pytest.raises(TencentCloudSDKException) as refused:
        client.submit(order, **changes)
    return refused.value.get_code(), refused.value.get_message()


def test_names_are_counted_before_they_are_read(client: Client, order: str) -> None:
    """Not one of them need be a name: 6,800 are refused, and 101 by the rule of the action."""
    code, message = refusal(client, order, DnsNames=["no name!"] * 6800)
    assert code == INVALID
    assert "DnsNames: length should be at most 1000 members, but it has 6800." in message
    code, message = refusal(client, order, DnsNames=["no name!"] * 101)
    assert (code, "DnsNames: takes at most 100 names" in message) == (INVALID, True)


def test_an_address_is_measured_before_it_is_read(client: Client, order: str) -> None:
    """120,000 characters, and 300, which the parameter's type allows."""
    code, message = refusal(client, order, ContactEmail="a@" + "b." * 60_000)
    assert code == INVALID
    assert "ContactEmail: length should be at most 4096 characters, but it has 120002." in message
    code, message = refusal(client, order, ContactEmail="a@" + "b." * 149)
    assert (code, "it has 300 characters, 254 at most" in message) == (INVALID, True)


def test_a_request_that_was_refused_for_its_length_changed_nothing(
    client: Client, order: str
) -> None:
    """The order still waits for its material."""
    refusal(client, order, OrgOrganization="a" * 5000)
    assert client.detail(order)["SubmittedData"] is None
