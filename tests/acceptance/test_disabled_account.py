"""An account that is disabled while the desk works on its order, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import connecting
from tests.acceptance.connecting import World, publish
from tests.actions.asking import becomes
from tests.running import Keys


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A desk with its servers on loopback."""
    database = ""
    if request.param == "postgresql":
        database = f'database = "{request.getfixturevalue("postgres").database()}"\n'
    with connecting.world(tmp_path_factory.mktemp("disabled") / "data", database) as opened:
        yield opened


def test_an_order_stands_still_until_its_account_is_enabled(world: World) -> None:
    """Though its proof is published; `order show` and `doctor` say why."""
    desk = world.desk
    keys: Keys = desk.account()
    client = desk.client(keys)
    order = client.buy()
    client.submit(order, CertCommonName="still.example.com")
    client.call("CertificateOrderSubmit", CertId=order)
    detail = client.detail(order)

    desk.certdesk("account", "disable", keys.uin)
    publish(world, detail)
    becomes(None, lambda: show(world, order)["DueTime"])

    story = show(world, order)
    assert story["Order"]["Status"] == 0
    why = f"The order is paused because account {keys.uin} is disabled since "
    assert story["Next"].startswith(why)
    assert f"certdesk account enable {keys.uin}" in story["Next"]
    checked = desk.run("doctor").stdout
    assert keys.uin in checked
    assert "are paused because account" in " ".join(checked.split())

    desk.certdesk("account", "enable", keys.uin)
    becomes(1, lambda: show(world, order)["Order"]["Status"])


def show(world: World, order: str) -> dict[str, Any]:
    """Tell the story of an order, as `certdesk order show` does."""
    return world.desk.operate("ShowOrder", CertificateId=order)
