"""An account that would fill the desk: at a real desk, and as its operator sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.acceptance.processes import NO_RSA_STOCK
from tests.running import Client, Keys, RunningDesk, running

ORDERS = 46
TAGS, VALUE = 58, 4000
"""So an order has 230 KB of tags, and fewer than all orders fit into 10 MiB."""

SETTINGS = f"""{NO_RSA_STOCK}p_256 = 0
[rate]
limit = 0
[quota]
orders = {ORDERS}
tags = {TAGS}
tag_value = {VALUE}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that lets tags be long, and orders be few."""
    with running(tmp_path_factory.mktemp("quotas") / "data", settings=SETTINGS) as desk:
        yield desk


@pytest.fixture(scope="module")
def keys(desk: RunningDesk) -> Keys:
    """An account that has as many orders as it may have, with as many tags."""
    keys = desk.account()
    client = desk.client(keys)
    for number in range(ORDERS):
        buy(client, TAGS, f"{number:02}".ljust(VALUE, "x"))
    return keys


def buy(client: Client, count: int, value: str) -> None:
    """Buy an order with tags."""
    tags = [{"TagKey": f"tag{number}", "TagValue": value} for number in range(count)]
    client.call("CreateCertificate", ProductId=104, DomainNum=1, TimeSpan=1, Tags=tags)


def refusal(client: Client, action: str, **parameters: object) -> tuple[str, str]:
    """Ask for what is refused; give code and message."""
    with pytest.raises(TencentCloudSDKException) as refused:
        client.call(action, **parameters)
    return refused.value.get_code(), refused.value.get_message()


def test_one_order_more_is_refused(desk: RunningDesk, keys: Keys) -> None:
    """And another account may buy."""
    client = desk.client(keys)
    goods = {"ProductId": 104, "DomainNum": 1, "TimeSpan": 1}
    code, message = refusal(client, "CreateCertificate", **goods)
    assert code == "LimitExceeded"
    assert f"may have at most {ORDERS} orders" in message
    assert "(quota.orders)" in message
    assert client.call("DescribeCertificates", Limit=1)["TotalCount"] == ORDERS
    desk.client().call("CreateCertificate", **goods)


def test_an_order_with_more_tags_is_refused(desk: RunningDesk) -> None:
    """Whatever their length."""
    tags = [{"TagKey": str(number), "TagValue": "v"} for number in range(TAGS + 1)]
    goods = {"ProductId": 104, "DomainNum": 1, "TimeSpan": 1}
    code, message = refusal(desk.client(), "CreateCertificate", **goods, Tags=tags)
    assert code == "FailedOperation.InvalidParam"
    assert f"Tags: takes {TAGS} at most, not {TAGS + 1}." in message


def test_an_answer_that_is_too_long_is_an_error_and_no_shorter_page(
    desk: RunningDesk, keys: Keys
) -> None:
    """All orders have more than 10 MiB of tags; half of them are told."""
    client = desk.client(keys)
    code, message = refusal(client, "DescribeCertificates", Limit=1000)
    assert code == "ResponseSizeLimitExceeded"
    assert "more than 10485760 bytes" in message
    page = client.call("DescribeCertificates", Limit=ORDERS // 2)
    assert len(page["Certificates"]) == ORDERS // 2
    ids = [each["CertificateId"] for each in page["Certificates"]]
    assert client.call("DescribeCertificates", CertIds=ids)["TotalCount"] == ORDERS // 2


def test_the_operator_sees_what_an_account_has(desk: RunningDesk, keys: Keys) -> None:
    """Beside what it may have, by settings."""
    shown = {each["Name"]: each for each in desk.certdesk("account", "limits", keys.uin, "--json")}
    assert (shown["orders"]["Used"], shown["orders"]["Limit"]) == (ORDERS, ORDERS)
    assert (shown["open_orders"]["Used"], shown["open_orders"]["Limit"]) == (ORDERS, 20_000)
    assert shown["stored_bytes"]["Used"] > ORDERS * TAGS * VALUE
    assert shown["audit"]["Used"] >= ORDERS
    assert (shown["tags"]["Used"], shown["tags"]["Limit"]) == (None, TAGS)
    assert shown["tags"]["Setting"] == "quota.tags"
