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


@pytest.mark.parametrize("label", ["가" * 50, "xn--" + "9" * 50])
def test_names_in_other_scripts_are_counted_by_their_characters(
    client: Client, order: str, label: str
) -> None:
    """They are dear to convert, so a whole list of them is refused before any one is."""
    names = [f"{label}{number:02}.com" for number in range(99)]
    code, message = refusal(client, order, DnsNames=names)
    assert code == INVALID
    count = 99 * (len(label) + 2)
    assert (
        "DnsNames: international labels may have 2000 characters in total, those of "
        f"CertCommonName included, not {count}."
    ) in message


def test_a_hundred_names_of_one_international_domain_are_read(client: Client) -> None:
    """In either form: a label that all of them have counts once."""
    order = client.buy(26, 100)
    names = [f"a{number}.xn--fsqu00a.xn--fiqs8s" for number in range(98)]
    code, message = refusal(
        client, order, CertCommonName="例子.中国", DnsNames=[*names, "no name!"]
    )
    assert code == "FailedOperation.CertificateInfoSubmitDomainInvalid"
    assert "DnsNames: a domain name may contain only letters" in message
    client.submit(order, CertCommonName="例子.中国", DnsNames=names)


def test_an_address_is_measured_before_it_is_read(client: Client, order: str) -> None:
    """120,000 characters, and 300, which the parameter's type allows."""
    code, message = refusal(client, order, ContactEmail="a@" + "b." * 60_000)
    assert code == INVALID
    assert "ContactEmail: length should be at most 4096 characters, but it has 120002." in message
    code, message = refusal(client, order, ContactEmail="a@" + "b." * 149)
    assert (code, "it has 300 characters, and at most 254 are allowed" in message) == (
        INVALID,
        True,
    )


def test_a_request_that_was_refused_for_its_length_changed_nothing(
    client: Client, order: str
) -> None:
    """The order still waits for its material."""
    refusal(client, order, OrgOrganization="a" * 5000)
    assert client.detail(order)["SubmittedData"] is None
