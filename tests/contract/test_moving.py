"""An order changes its account on every store, with all that is derived of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.actions.moving import NAME, OV, Desk
from tests.actions.submitting import COMPANY
from tests.storage.stores import KINDS, of_kind

if TYPE_CHECKING:
    from certdesk.engine import Caller


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A desk with two accounts on a store of each kind."""
    with of_kind(request.param, tmp_path, request) as store, Desk(tmp_path, store=store) as made:
        yield made


def listed(desk: Desk, caller: Caller, **wanted: object) -> list[str]:
    """Give the ids in a list of an account; it is as long as it says."""
    page = desk.call(caller, "DescribeCertificates", **wanted)
    ids = [str(row["CertificateId"]) for row in page["Certificates"]]
    assert page["TotalCount"] == len(ids)
    return ids


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"CertificateStatus": [1]},
        {"SearchKey": NAME[2:9]},
        {"SearchKey": "team:web"},
        {"ProjectId": 0},
        {"ExpirationSort": "ASC"},
        {"FilterSource": "buy"},
    ],
)
def test_lists_have_it_in_the_account_where_it_is(desk: Desk, wanted: dict[str, object]) -> None:
    """Whatever they are by: status, text, project, end or source."""
    text = str(wanted.get("SearchKey", ""))
    order, kept = desk.with_key(), desk.issued()
    if ":" in text:
        for each in (order, kept):
            desk.call(desk.old, "ModifyCertificateAlias", CertificateId=each, Alias=text)
    assert set(listed(desk, desk.old, **wanted)) == {order, kept}
    desk.send(order)
    whole = "CertificateStatus" not in wanted
    assert set(listed(desk, desk.old, **wanted)) == ({order, kept} if whole else {kept})
    desk.take_on(order)
    assert listed(desk, desk.old, **wanted) == [kept]
    assert listed(desk, desk.new, **wanted) == [order]
    shown = desk.call(desk.new, "DescribeCertificateDetail", CertificateId=order)
    assert shown["CertificatePrivateKey"]
    assert desk.call(desk.new, "DownloadCertificate", CertificateId=order)["Content"]


def test_projects_of_the_old_account_have_it_no_more(desk: Desk) -> None:
    """It is in project 0 of the new one."""
    order = desk.issued()
    added = desk.operator("AddProject", Uin=desk.old.uin, Name="shop")
    project = added["ProjectId"]
    desk.call(desk.old, "ModifyCertificateProject", CertificateIdList=[order], ProjectId=project)
    assert listed(desk, desk.old, ProjectId=project) == [order]
    desk.move(order)
    assert listed(desk, desk.old, ProjectId=project) == []
    assert listed(desk, desk.new, ProjectId=0) == [order]


def test_a_manager_of_the_old_account_has_no_names_of_it_any_more(desk: Desk) -> None:
    """They are counted for each manager."""
    desk.issued(OV, **COMPANY)
    ids: dict[str, Any] = {
        "CompanyType": 2,
        "CompanyId": "1",
        "ManagerId": "1",
        "ContactEmail": None,
    }
    order = desk.issued(**ids)
    counts = managed(desk)
    assert counts == (1, 2)
    desk.move(order)
    assert managed(desk) == (1, 1)


def managed(desk: Desk) -> tuple[int, int]:
    """Give how many names and certificates the manager of the old account has."""
    (manager,) = desk.call(desk.old, "DescribeManagers", CompanyId=1)["Managers"]
    return manager["DomainCount"], manager["CertCount"]
