"""CreateCertificate and CancelCertificateOrder."""

from __future__ import annotations

import functools
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.actions.submitting import invalid, refusal, refused, withdraw
from tests.inside import InsideDesk
from tests.running import Client, Keys, RunningDesk

# CreateCertificate.ProductId of both editions, by what a product covers.
SINGLE = {
    *(3, 4, 5, 6, 8, 9, 14, 16, 18, 20, 25, 28, 31, 43, 46, 48),
    *(75, 77, 81, 85, 96, 97, 98, 101, 102, 104, 105),
}
WILDCARD = {7, 10, 12, 13, 19, 27, 30, 44, 49, 76, 82, 100, 103}
MANY = {
    *(11, 15, 17, 22, 24, 26, 29, 32, 45, 47, 50, 57, 58, 59, 60, 61),
    *(89, 90, 92, 93, 94, 95, 99),
    *(21, 23, 42, 88),
}
SM2 = {33, 34, 35, 37, 38, 39, 40, 41, 51, 52, 53, 54, 55, 56}
NOT_SOLD = {0, 1, 2, 36, *range(62, 75), 78, 79, 80, 83, 84, 86, 87, 91, 106, 1000, -1}


def test_the_table_above_has_every_number() -> None:
    """From 0 to 106, each once."""
    every = sorted([*SINGLE, *WILDCARD, *MANY, *SM2, *(NOT_SOLD - {1000, -1})])
    assert every == list(range(107))


def buy(client: Client, product: int, names: int = 1, years: int = 1, **more: object) -> object:
    """Buy a product."""
    own = {"ProductId": product, "DomainNum": names, "TimeSpan": years}
    return client.call("CreateCertificate", **own, **more)


# --- buying -------------------------------------------------------------------------------------


def test_an_order_has_an_id_and_a_deal_in_the_vendors_shapes(client: Client) -> None:
    """One certificate a call; 8 letters and digits, and 23 digits."""
    bought = client.call("CreateCertificate", ProductId=25, DomainNum=1, TimeSpan=1)
    (certificate_id,) = bought["CertificateIds"]
    (deal_id,) = bought["DealIds"]
    assert re.fullmatch(r"[A-Za-z0-9]{8}", certificate_id)
    assert re.fullmatch(r"20[0-9]{21}", deal_id)
    assert bought["ResourceIds"] == []


@pytest.mark.parametrize("product", sorted(SINGLE | WILDCARD))
def test_a_product_for_one_name_is_bought_for_one(client: Client, product: int) -> None:
    """Two are refused."""
    buy(client, product)
    code, message = refusal(lambda: buy(client, product, names=2))
    assert code == "FailedOperation.InvalidParam"
    assert re.search(r"DomainNum: must be 1 for .+, not 2\.", message)


@pytest.mark.parametrize("product", sorted(MANY))
def test_a_product_for_many_names_is_bought_for_two_or_more(client: Client, product: int) -> None:
    """One is refused: DomainNum must be greater than 1."""
    buy(client, product, names=2)
    code, message = refusal(lambda: buy(client, product, names=1))
    assert code == "FailedOperation.InvalidParam"
    assert re.search(r"DomainNum: must be 2 to 100 for .+, not 1\.", message)


@pytest.mark.parametrize("product", sorted(SM2))
def test_an_sm2_product_is_refused_with_the_reason(client: Client, product: int) -> None:
    """The user learns that the product exists, and why it cannot be had."""
    names = 2 if product in {34, 38, 41, 53, 56} else 1
    code, message = refusal(lambda: buy(client, product, names=names))
    assert code == "FailedOperation.InvalidParam"
    assert re.fullmatch(
        rf"Incorrect parameters\. ProductId: {product} \((WoTrus|DNSPod) SM2 .+\) needs "
        r"SM2 certificates, which this desk cannot make yet\.",
        message,
    )


@pytest.mark.parametrize("product", sorted(NOT_SOLD))
def test_a_number_that_is_not_sold_is_refused(client: Client, product: int) -> None:
    """Numbers without a product, and products that only old certificates have."""
    hint = " ApplyCertificate orders it free of charge." if product == 83 else ""
    assert refusal(lambda: buy(client, product)) == invalid(
        f"ProductId: product {product} is not sold.{hint}"
    )


@pytest.mark.parametrize("years", [1, 2, 10])
def test_an_order_may_run_for_years(client: Client, years: int) -> None:
    """Shown as months."""
    order = client.buy(years=years)
    assert client.detail(order)["ValidityPeriod"] == str(12 * years)


@pytest.mark.parametrize(("product", "name", "most"), [(25, "WoTrus DV", 10), (101, "CFCA EV", 1)])
def test_years_have_their_bounds(client: Client, product: int, name: str, most: int) -> None:
    """Some CFCA products are sold for one year only."""
    term = "1 year" if most == 1 else f"1 to {most} years"
    for years in (0, -1, most + 1):
        assert refusal(functools.partial(buy, client, product, years=years)) == invalid(
            f"TimeSpan: must be {term} for {name}, not {years}."
        )


@pytest.mark.parametrize("names", [-1, 0, 101])
def test_the_number_of_names_has_its_bounds(client: Client, names: int) -> None:
    """A hundred at most."""
    buy(client, 26, names=100)
    assert refusal(lambda: buy(client, 26, names=names)) == invalid(
        f"DomainNum: must be 2 to 100 for WoTrus DV (multi-domain), not {names}."
    )


def test_all_faults_of_a_purchase_are_named(client: Client) -> None:
    """In one message."""
    assert refusal(lambda: buy(client, 33, names=3, years=0, AutoVoucher=2)) == invalid(
        "ProductId: 33 (WoTrus SM2 DV) needs SM2 certificates, which this desk cannot make "
        "yet. DomainNum: must be 1 for WoTrus SM2 DV, not 3. TimeSpan: must be 1 to 10 years "
        "for WoTrus SM2 DV, not 0. AutoVoucher: must be 0 or 1, not 2."
    )


def test_numbers_may_come_as_text_and_vouchers_are_taken(client: Client) -> None:
    """Flattened forms have nothing but text; there is no billing for a voucher to pay."""
    buy(client, "25", "1", "1", AutoVoucher=0)  # type: ignore[arg-type]  # text is the point
    buy(client, 25, AutoVoucher=1)


def test_tags_are_kept_and_shown(client: Client) -> None:
    """In their order."""
    tags = [{"TagKey": "team", "TagValue": "web"}, {"TagKey": "stage", "TagValue": "test"}]
    bought = client.call("CreateCertificate", ProductId=25, DomainNum=1, TimeSpan=1, Tags=tags)
    assert client.detail(bought["CertificateIds"][0])["Tags"] == tags


@pytest.mark.parametrize("name", ["ProductId", "DomainNum", "TimeSpan"])
def test_what_a_purchase_needs_is_named(client: Client, name: str) -> None:
    """Three parameters."""
    given = {"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}
    del given[name]
    assert refusal(lambda: client.call("CreateCertificate", **given)) == (
        "MissingParameter",
        f"The request is missing a required parameter `{name}`.",
    )


def test_an_account_that_is_not_verified_may_look_but_not_buy(desk: RunningDesk) -> None:
    """The action's own list of errors has no code for the identity, so it is a permission."""
    client = desk.client(desk.account(verified=False))
    assert refusal(lambda: buy(client, 25)) == (
        "FailedOperation.AuthError",
        (
            "You do not have permission to perform this operation. The identity of the account "
            "is not verified, so it cannot buy certificates."
        ),
    )
    assert client.call("DescribeCompanies")["TotalCount"] == 0


# --- giving up ----------------------------------------------------------------------------------


def cancel(client: Client, order: str) -> object:
    """Give an order up."""
    return client.call("CancelCertificateOrder", CertificateId=order)


def test_an_order_that_was_not_handed_to_a_ca_can_be_given_up(client: Client) -> None:
    """With material and without; it is then cancelled."""
    bare, full = client.buy(), client.buy()
    client.submit(full)
    for order in (bare, full):
        cancelled = client.call("CancelCertificateOrder", CertificateId=order)
        assert cancelled["CertificateId"] == order
        detail = client.detail(order)
        assert (detail["Status"], detail["StatusName"]) == (7, "Cancelled")


def test_an_order_is_given_up_once(client: Client, order: str) -> None:
    """The second time its status forbids it."""
    cancel(client, order)
    code, message = refusal(lambda: cancel(client, order))
    assert code == "FailedOperation.InvalidCertificateStatusCode"
    assert message == (
        "The certificate status is incorrect. The order has status 7 (Cancelled). Delete it "
        "with DeleteCertificate."
    )


def test_of_many_who_give_an_order_up_at_once_one_succeeds(
    desk: RunningDesk, keys: Keys, order: str
) -> None:
    """The others are told of the status."""

    def attempt(_: int) -> str:
        try:
            cancel(desk.client(keys), order)
        except TencentCloudSDKException as error:
            return str(error.get_code())
        return "cancelled"

    with ThreadPoolExecutor(8) as pool:
        results = sorted(pool.map(attempt, range(8)))
    wrong = "FailedOperation.InvalidCertificateStatusCode"
    assert results == [*[wrong] * 7, "cancelled"]


def test_a_cancelled_order_shows_its_name_and_takes_no_material(client: Client, order: str) -> None:
    """What was handed in is shown no more."""
    client.submit(order)
    cancel(client, order)
    detail = client.detail(order)
    assert (detail["Domain"], detail["SubmittedData"]) == ("example.com", None)
    assert refused(client, order)[0] == "FailedOperation.CertificateInfoSubmitStatusInvalid"


def test_anothers_order_cannot_be_given_up(desk: RunningDesk, client: Client, order: str) -> None:
    """It answers like an unknown one, and stands as before."""
    other = desk.client()
    wanted = ("FailedOperation.CertificateNotFound", "The certificate does not exist.")
    assert refusal(lambda: cancel(other, order)) == wanted
    assert refusal(lambda: cancel(other, "aaaaaaaa")) == wanted
    assert client.detail(order)["Status"] == 5


def test_an_account_that_lost_its_verification_cannot_give_up(desk: RunningDesk) -> None:
    """Looking is all that is left."""
    keys = desk.account()
    client = desk.client(keys)
    order = client.buy()
    withdraw(desk, client, keys.uin, order)
    assert refusal(lambda: cancel(client, order))[0] == "FailedOperation.NoRealNameAuth"
    assert client.detail(order)["Status"] == 5


def test_an_id_that_is_taken_is_drawn_again(tmp_path: Path) -> None:
    """Where chance gives two purchases the same one."""
    with InsideDesk(tmp_path) as inside:
        caller, ids = inside.account(), set()
        for _ in range(3):
            inside.parts.rng.seed(1)
            ids.add(inside.buy(caller))
    assert len(ids) == 3
