"""What was vetted is good for 398 days, as whoever moves a desk's clock can see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import connecting
from tests.acceptance.connecting import World, issued, publish
from tests.acceptance.office import Office

OV = 14
DAY = 86400


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """What moves the desk's clock, by nothing yet."""
    file = tmp_path / "clock"
    file.write_text("+0")
    return file


@pytest.fixture
def world(tmp_path: Path, clock: Path) -> Iterator[World]:
    """A desk that goes by that clock."""
    with connecting.world(tmp_path / "desk", clock=clock) as opened:
        yield opened


def vetting_of(office: Office, company: object, **wanted: object) -> list[tuple[str, ...]]:
    """Give the status of each manager of a company, and that of its OV and EV."""
    found = office.client.call("DescribeManagers", CompanyId=int(str(company)), **wanted)
    assert found["TotalCount"] == len(found["Managers"])
    return [
        (each["Status"], *(f"{info['Type']} {info['Status']}" for info in each["StatusInfo"]))
        for each in found["Managers"]
    ]


def test_a_company_is_vetted_again_on_the_399th_day_and_not_before(
    world: World, clock: Path
) -> None:
    """Orders need nobody for 398 days, of which the last thirty say so; then they wait again."""
    office = Office(world)
    material = office.known()
    company = material["CompanyId"]
    assert vetting_of(office, company) == [("audit", "ov submitted", "ev submitted")]
    first = office.order(OV, "first.example.com", **material)
    office.approve_all()
    publish(world, office.client.detail(first))
    issued(office.client, first)
    assert vetting_of(office, company) == [("ok", "ov completed", "ev completed")]

    clock.write_text(f"+{390 * DAY}")
    expiring = ("expiring", "ov expiring", "ev expiring")
    assert vetting_of(office, company, Status="expiring") == [expiring]
    second = office.order(OV, "second.example.com", **material)
    assert (office.stands(second), office.waiting()) == ((0, "PENDING-DCV"), [])
    publish(world, office.client.detail(second))
    issued(office.client, second)

    clock.write_text(f"+{399 * DAY}")
    assert vetting_of(office, company) == [("expired", "ov expired", "ev expired")]
    third = office.order(OV, "third.example.com", **material)
    assert office.stands(third) == (0, "PRE-REVIEWING")
    assert office.waiting() == [f"manager:{material['ManagerId']}", f"order:{third}"]
    office.approve_all()
    assert vetting_of(office, company) == [("ok", "ov completed", "ev completed")]
    publish(world, office.client.detail(third))
    issued(office.client, third)
    assert office.stands(first)[0] == 3
