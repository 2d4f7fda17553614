"""`certdesk orders` and `certdesk order`: JSON for programs, tables and stories for people."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from certdesk.cli.operator import ask
from certdesk.settings import load
from certdesk.world.nameserver import nameserver
from tests.cli.test_hostile_texts import run
from tests.issued import issue
from tests.running import PROGRAM, Keys, RunningDesk, running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that asks a name server on loopback, which knows nothing."""
    with nameserver() as names:
        settings = f'dns.resolvers = ["{names.endpoint}"]\ndns.dnssec = "off"\n'
        with running(tmp_path_factory.mktemp("desk"), settings=settings) as started:
            yield started


@pytest.fixture
def certificate(desk: RunningDesk) -> str:
    """An order that was submitted to the CA and is not proved."""
    client = desk.client()
    bought = client.buy(104)
    client.submit(bought, CertCommonName="shop.example.com")
    client.call("CertificateOrderSubmit", CertId=bought)
    return bought


def at_terminal(desk: RunningDesk, *words: str, variables: Mapping[str, str] | None = None) -> str:
    """Run a command as a person at a terminal does; give what is shown."""
    near, far = pty.openpty()
    command = [str(PROGRAM), *words, "--data", str(desk.folder)]
    with subprocess.Popen(
        command, stdout=far, stdin=far, env={**os.environ, "TERM": "dumb", **(variables or {})}
    ) as run:
        os.close(far)
        shown = b""
        while run.poll() is None or shown == b"":
            try:
                shown += os.read(near, 65536)
            except OSError:
                break
    os.close(near)
    return shown.decode()


def test_programs_get_the_newest_orders_as_json(desk: RunningDesk, certificate: str) -> None:
    """The newest first, whoever's they are."""
    first, *_ = desk.certdesk("orders")
    assert first["CertificateId"] == certificate
    assert (first["Domain"], first["StatusMsg"]) == ("shop.example.com", "PENDING-DCV")
    assert desk.certdesk("orders", "--search", certificate.lower()) == [first]
    assert desk.certdesk("orders", "--status", "1") == []


def test_people_get_a_table(desk: RunningDesk, certificate: str) -> None:
    """With what each order waits for."""
    (line,) = [x for x in at_terminal(desk, "orders").splitlines() if certificate in x]
    assert "shop.example.com" in line
    assert "PENDING-DCV" in line


def test_the_story_of_an_order_says_what_to_do_next(desk: RunningDesk, certificate: str) -> None:
    """What was done, by whom, and what is to be published."""
    told = at_terminal(desk, "order", "show", certificate)
    detail = desk.certdesk("order", "show", certificate)
    (proof,) = detail["Proofs"]

    assert told.index("CertificateInfoSubmit") < told.index("CertificateOrderSubmit")
    assert f"Publish TXT _dnsauth.shop.example.com = {proof['Value']}." in told
    assert [each["What"] for each in detail["Happenings"]][:3] == [
        "CreateCertificate",
        "CertificateInfoSubmit",
        "CertificateOrderSubmit",
    ]


def test_an_order_is_taken_up_when_the_operator_says(desk: RunningDesk, certificate: str) -> None:
    """And the log says who said so."""
    assert desk.certdesk("order", "resume", certificate) == {"CertificateId": certificate}
    last = desk.certdesk("order", "show", certificate)["Happenings"]
    assert ("operator", "ResumeOrder") in [(each["Who"], each["What"]) for each in last]


def test_the_story_of_a_revocation_says_what_to_do_next(desk: RunningDesk) -> None:
    """To publish another value than the order's own; the operator need not wait for that."""
    keys = desk.account()
    order = desk.client(keys).buy(104)
    desk.client(keys).submit(order, CertCommonName="shop.example.com")
    issue(desk, keys, order)
    desk.client(keys).call("RevokeCertificate", CertificateId=order)
    (proof,) = desk.certdesk("order", "show", order)["Proofs"]
    told = at_terminal(desk, "order", "show", order)
    assert "Revoking: PENDING-DCV" in told
    assert f"Publish TXT _dnsauth.shop.example.com = {proof['Value']}." in told

    kept = desk.certdesk("order", "keep", order, "--reason", "asked by mistake")
    assert kept == {"CertificateId": order, "Status": 1}
    assert desk.certdesk("order", "show", order)["Order"]["StatusMsg"] == "asked by mistake"
    asked = desk.certdesk("order", "revoke", order, "--reason", "superseded")
    assert asked == {"CertificateId": order, "Status": 9, "CertificateIds": []}
    last = desk.certdesk("order", "show", order)["Happenings"]
    assert ("operator", "RevokeOrder") in [(each["Who"], each["What"]) for each in last]


def test_that_no_certificate_is_in_force_is_told_with_the_code_for_a_refusal(
    desk: RunningDesk, certificate: str
) -> None:
    """And not by the id that was asked for: the order came to nothing."""
    buyer = desk.operate("ShowOrder", CertificateId=certificate)["Order"]["Uin"]
    keys = desk.operate("AddKey", Uin=buyer)
    client = desk.client(Keys(buyer, keys["SecretId"], keys["SecretKey"]))
    client.call("CancelAuditCertificate", CertificateId=certificate)
    done = desk.run("order", "current", certificate)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"No certificate in force follows {certificate}" in done.stderr


def test_an_unknown_order_is_named_as_such(desk: RunningDesk) -> None:
    """With the code for a refusal."""
    refused = desk.run("order", "show", "AAAAAAAA")
    assert refused.returncode == 1
    assert "FailedOperation.CertificateNotFound" in refused.stderr


def test_the_certificate_in_force_is_told_by_any_id_that_it_had(
    desk: RunningDesk, certificate: str
) -> None:
    """That of an order without a successor is its own."""
    told = desk.certdesk("order", "current", certificate)
    assert isinstance(told, dict)
    assert told["CertificateId"] == certificate
    assert at_terminal(desk, "order", "current", certificate).split() == [certificate]
    assert '"CertificateId"' in at_terminal(desk, "order", "current", certificate, "--json")


# --- lists ---------------------------------------------------------------------------------------

ZONE = {"TZ": "Asia/Dubai"}
"""A zone that is neither the machine's nor the vendor's, without summer time."""


@pytest.fixture(scope="module")
def two(desk: RunningDesk) -> tuple[Keys, Keys]:
    """Two accounts with orders in turn: three of the one, two of the other, bought one by one."""
    first, second = (
        Keys(added["Uin"], added["SecretId"], added["SecretKey"])
        for added in (desk.operate("AddAccount", Name=name) for name in ("Shops", "Offices"))
    )
    for keys in (first, second, first, second, first):
        desk.client(keys).buy(104)
    return first, second


def listed(desk: RunningDesk, *words: str) -> list[dict[str, Any]]:
    """List orders in this process, as a program reads it."""
    orders: list[dict[str, Any]] = json.loads(run(desk, ["orders", *words], io.StringIO()))
    return orders


def test_a_list_goes_on_beyond_what_the_desk_answers_at_once(
    desk: RunningDesk, two: tuple[Keys, Keys], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page after page, over all accounts, each order once and the newest first."""
    whole = listed(desk, "--limit", "0")
    assert {keys.uin for keys in two} < {each["Uin"] for each in whole}
    monkeypatch.setattr("certdesk.cli.orders.AT_ONCE", 2)
    assert listed(desk, "--limit", "0") == whole
    assert listed(desk, "--limit", "3") == whole[:3]
    assert len({each["CertificateId"] for each in whole}) == len(whole)


def test_what_is_bought_meanwhile_moves_no_page(desk: RunningDesk, two: tuple[Keys, Keys]) -> None:
    """The next page begins behind the last order that was shown."""
    first = desk.operate("ListOrders", Limit=3)
    desk.client(two[0]).buy(104)
    ids = {each["CertificateId"] for each in first["Orders"]}
    then = desk.operate("ListOrders", Limit=3, After=first["Next"])
    assert not ids & {each["CertificateId"] for each in then["Orders"]}


def test_a_page_says_whether_any_order_follows(desk: RunningDesk, two: tuple[Keys, Keys]) -> None:
    """Of all accounts and of one; a full page may be the last one."""
    for its in ({}, {"Account": two[0].uin}):
        total = desk.operate("ListOrders", **its)["TotalCount"]
        last = desk.operate("ListOrders", **its, Limit=total)
        assert (len(last["Orders"]), last["Next"]) == (total, None)
        assert desk.operate("ListOrders", **its, Limit=total - 1)["Next"] is not None


def test_a_page_that_there_is_not_is_refused(desk: RunningDesk) -> None:
    """With what the parameter takes; an order without an end has nothing behind the sign."""
    settings, _ = load(None, {}, {"data": str(desk.folder)})
    for wrong in ("x", "1", "@", "1@2026", "1@2026-13-01T00:00:00+00:00"):
        assert "After: must be" in ask(settings, "ListOrders", After=wrong)["Error"]["Message"]
    assert ask(settings, "ListOrders", After="1@")["Orders"] == []


@pytest.mark.parametrize("which", ["Uin", "name", "name in capitals"])
def test_orders_of_an_account_are_found_by_uin_and_by_name(
    desk: RunningDesk, two: tuple[Keys, Keys], which: str
) -> None:
    """And told with the account's name."""
    words = {"Uin": two[1].uin, "name": "Offices", "name in capitals": "OFFICES"}
    found = listed(desk, "--account", words[which])
    assert {(each["Uin"], each["AccountName"]) for each in found} == {(two[1].uin, "Offices")}


def test_an_account_that_there_is_not_is_named(desk: RunningDesk) -> None:
    """And not taken for one without orders."""
    refused = desk.run("orders", "--account", "Nobody")
    assert refused.returncode == 1
    assert "Nobody" in refused.stderr


def test_orders_are_found_by_their_end(desk: RunningDesk) -> None:
    """Those first that end first; an order that has no certificate does not end."""
    keys = desk.account()
    ids = [desk.client(keys).buy(104) for _ in range(2)]
    for name, order in zip("ab", ids, strict=True):
        desk.client(keys).submit(order, CertCommonName=f"{name}.example.com")
    issue(desk, keys, *ids)
    found = listed(desk, "--ending", "52w", "--account", keys.uin)
    assert [each["CertificateId"] for each in found] == ids
    assert listed(desk, "--ending", "3d", "--account", keys.uin) == []
    assert listed(desk, "--ending", "52w", "--account", keys.uin, "--status", "0") == []
    wrong = desk.run("orders", "--ending", "soon")
    assert wrong.returncode == 2
    assert "for hours, days or weeks" in wrong.stderr


def test_nothing_of_a_table_is_cut_at_eighty_columns(desk: RunningDesk, certificate: str) -> None:
    """The row takes several lines; status and message stand apart, and times have a zone."""
    told = at_terminal(desk, "orders", variables={"COLUMNS": "80", **ZONE})
    (order,) = desk.certdesk("orders", "--search", certificate)
    for text in (certificate, order["AccountName"], order["Product"], order["StatusName"]):
        assert text in told
    assert order["StatusMsg"] == "PENDING-DCV"
    assert "Status" in told
    assert "Message" in told
    assert [line for line in told.splitlines() if len(line) > 80] == []


def test_times_are_local_with_their_zone_at_a_terminal_and_utc_for_programs(
    desk: RunningDesk, certificate: str
) -> None:
    """The same moment; the API's own times stay as they are."""
    (happening, *_) = desk.certdesk("order", "show", certificate)["Happenings"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", happening["Time"])
    at = datetime.fromisoformat(happening["Time"]).astimezone(ZoneInfo(ZONE["TZ"]))
    told = at_terminal(desk, "order", "show", certificate, variables=ZONE)
    assert f"{at:%Y-%m-%d (%Z)}" in told
    assert f"{at:%H:%M:%S}  {happening['What']}" in told


def test_that_there_are_no_orders_is_said(desk: RunningDesk) -> None:
    """And not a table without rows."""
    assert at_terminal(desk, "orders", "--search", "nowhere").strip() == "No orders."
