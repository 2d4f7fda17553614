"""What a desk that runs tells whoever watches it: its health, its figures, its log."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.bootstrap import open_desk
from certdesk.domain.values.addresses import networks
from certdesk.settings import Settings
from certdesk.web.health import DeskHealth, Watch
from tests.acceptance.database import change
from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.watching import RED, WELL, Page, sample, told, until
from tests.pasting import ROOT
from tests.running import RunningDesk, running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk of its own, with a few keys in stock."""
    stock = "keys.stock = { rsa_2048 = 0, rsa_4096 = 0, p_256 = 3 }\n"
    with running(tmp_path / "desk", settings=stock) as started:
        yield started


def test_a_desk_that_is_well_says_so(desk: RunningDesk) -> None:
    """That it lives, and that it takes requests."""
    until(lambda: told(desk.url).status == WELL)
    assert re.fullmatch(r"ok\nprobe: ok, \d+\.\d seconds ago\n", told(desk.url).text)
    until(lambda: told(desk.url, "/readyz") == (WELL, "ok\n"))


def test_requests_are_counted_by_action_and_code(desk: RunningDesk) -> None:
    """Names that strangers make up are counted together, or there would be no end of them."""
    client = desk.client()
    client.call("DescribeManagers", CompanyId=1)
    client.buy()
    for action in ("Made", "Up"):
        with pytest.raises(TencentCloudSDKException):
            client.call(action)

    def counted(action: str, code: str) -> float | None:
        return sample(_page(desk), "certdesk_requests_total", action=action, code=code)

    # A request is counted once its answer is on its way.
    until(lambda: counted("other", "InvalidAction") == 2)
    assert counted("DescribeManagers", "ok") == 1
    assert counted("CreateCertificate", "ok") == 1
    page = _page(desk)
    assert sample(page, "certdesk_request_seconds_count", action="CreateCertificate") == 1
    assert sample(page, "certdesk_request_seconds_bucket", action="CreateCertificate", le="+Inf")


def test_what_stands_in_the_desk_is_measured(desk: RunningDesk) -> None:
    """Keys, CRLs, work that was given up, and how long a write takes."""
    desk.certdesk("ca", "show", "--json")
    until(lambda: sample(_page(desk), "certdesk_keys_ready", kind="P_256") == 3)
    until(lambda: (sample(_page(desk), "certdesk_database_write_seconds_count") or 0) > 1)

    page = _page(desk)

    assert sample(page, "certdesk_well") == 1
    assert sample(page, "certdesk_orders_set_aside") == 0
    assert sample(page, "certdesk_keys_ready", kind="RSA_2048") == 0


def test_the_guide_explains_every_figure(desk: RunningDesk) -> None:
    """And no other."""
    guide = (ROOT / "docs" / "guide" / "watch.md").read_text("utf-8")
    explained = re.findall(r"^\| `(certdesk_\w+)` \|", guide, re.MULTILINE)
    shown = re.findall(r"^# TYPE (certdesk_\w+) \w+$", _page(desk), re.MULTILINE)

    assert sorted(explained) == sorted(name for name in shown if not name.endswith("_created"))


def test_the_page_of_figures_names_no_tenant(desk: RunningDesk) -> None:
    """Nor an order of one."""
    keys = desk.account()
    bought = desk.client(keys).buy()

    page = _page(desk)

    assert all(secret not in page for secret in (keys.uin, keys.secret_id, bought))


def test_a_key_of_the_ca_that_does_not_open_is_told(desk: RunningDesk) -> None:
    """In plain words, in the log too; the desk goes on taking requests."""
    desk.certdesk("ca", "show", "--json")
    assert told(desk.url).status == WELL

    change(desk.folder, "UPDATE authorities SET private_key = x'00' WHERE name = 'ecc-root'")

    until(lambda: told(desk.url).status == RED)
    assert told(desk.url).text.startswith(
        "the key of the authority ecc-root cannot be decrypted\nprobe: ok, "
    )
    assert told(desk.url, "/readyz").status == WELL
    assert sample(_page(desk), "certdesk_well") == 0
    assert "cannot be decrypted" in desk.log


def test_a_request_leaves_one_line_with_what_it_was(desk: RunningDesk) -> None:
    """Its id, account, action, code and milliseconds; nothing of its body."""
    keys = desk.account()
    reply = desk.client(keys).call("DescribeManagers", CompanyId=123456789)

    line = json.loads(_line_of(desk, reply["RequestId"]))

    assert (line["event"], line["request_id"]) == ("request", reply["RequestId"])
    assert (line["account"], line["action"]) == (keys.uin, "DescribeManagers")
    assert line["code"] == "ok"
    assert line["ms"] > 0
    assert set(line) == {
        *("event", "level", "timestamp"),
        *("request_id", "account", "action", "code", "ms"),
    }


def test_a_log_for_people_has_the_same_in_words(tmp_path: Path) -> None:
    """With `log.format` set."""
    with running(tmp_path / "desk", settings='log.format = "console"\n' + NO_RSA_STOCK) as desk:
        reply = desk.client().call("DescribeManagers", CompanyId=1)
        line = _line_of(desk, reply["RequestId"])

    assert not line.startswith("{")
    assert "action=DescribeManagers" in line
    assert "code=ok" in line


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.9", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("10.2.0.1", 404),
        ("2001:db8::1", 404),
        (None, 404),
    ],
)
def test_strangers_learn_nothing(tmp_path: Path, address: str | None, status: int) -> None:
    """Only this machine, and the networks that were named, are told."""
    with open_desk(Settings(data=str(tmp_path))) as opened, opened.work():
        app = Starlette(routes=Watch(DeskHealth(opened), networks(["10.1.0.0/16"])).routes())
        for path in ("/healthz", "/readyz", "/metrics"):
            assert asyncio.run(_asked(app, path, address)).status == status


async def _asked(app: Starlette, path: str, address: str | None) -> Page:
    """Ask as from another address, which a test has none of."""
    sent: list[dict[str, object]] = []
    scope: dict[str, object] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "client": (address, 1) if address else None,
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    await app(scope, receive, send)
    return Page(int(str(sent[0]["status"])), str(sent[1]["body"]))


def _line_of(desk: RunningDesk, request_id: str) -> str:
    """Give the one line of the log that names a request, once it is written."""
    until(lambda: request_id in desk.log)
    (line,) = [each for each in desk.log.splitlines() if request_id in each]
    return line


def _page(desk: RunningDesk) -> str:
    return told(desk.url, "/metrics").text
