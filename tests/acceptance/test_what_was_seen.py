"""Operators decide about what they saw: on a running desk, after its restart, and by two users."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.connecting import World, world
from tests.acceptance.office import COMPANY, Office
from tests.acceptance.processes import NO_RSA_STOCK, certdesk
from tests.running import running

OV, EV = 14, 20
ANOTHER = 65533
MYSELF = pwd.getpwuid(os.geteuid()).pw_name
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users of the system")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk where two people look at every EV order."""
    folder = tmp_path_factory.mktemp("seen")
    with world(folder / "desk", "vetting.four_eyes = true\n") as opened:
        yield opened


def ordered(office: Office, product: int, name: str) -> tuple[str, dict[str, object]]:
    """Have an order wait for people, its manager vetted; give it and the material that it names."""
    place = {"Uin": office.keys.uin}
    company = office.desk.operate("AddCompany", **place, **COMPANY)["CompanyId"]
    person = {"ManagerFirstName": "Ann", "ManagerLastName": "Lee", "Status": "ok"}
    manager = office.desk.operate("AddManager", **place, CompanyId=company, **person)["ManagerId"]
    material: dict[str, object] = {"CompanyId": str(company), "ManagerId": str(manager)}
    return office.order(product, name, **material), material


def swap_names(office: Office, order: str, name: str, **material: object) -> None:
    """Stop the review of an order, and have another name vetted in its place."""
    office.client.call("CancelAuditCertificate", CertificateId=order)
    office.client.call("ModifyCertificateResubmit", CertificateId=order)
    changes = {"CompanyType": 2, "ContactEmail": None, "CertCommonName": name}
    office.client.submit(order, **changes | material)
    office.client.call("CertificateOrderSubmit", CertId=order)


def test_names_that_are_swapped_after_they_were_shown_are_not_approved(desk: World) -> None:
    """Without a server, after a restart and after a list; the refusal says what is there now."""
    office = Office(desk)
    order, material = ordered(office, EV, "shown.example.com")
    subject = f"order:{order}"
    shown = desk.desk.certdesk("review", "show", subject)
    swap_names(office, order, "swapped.example.com", **material)
    desk.desk.stop()
    try:
        assert "Order.Names" in office.refused("approve", subject)
    finally:
        desk.desk.start()
    office = Office(desk, office.keys)
    assert office.waiting() == [subject]

    for verb, words in (("approve", ()), ("reject", ("--reason", "no"))):
        told = office.refused(verb, subject, *words)
        assert "Order.Names" in told
        assert "swapped.example.com" in told
        assert "shown.example.com" in told
    assert "Attempt" in office.refused("approve", subject, "--attempt", shown["Attempt"])
    assert office.stands(order) == (0, "LEGAL-REVIEWING")
    again = desk.desk.operate("ShowReview", Id=subject)
    assert again["Attempt"] != shown["Attempt"]
    assert office.review("approve", subject)["Approvals"] == [MYSELF]


def test_a_digest_of_a_list_decides_without_a_view(desk: World) -> None:
    """Scripts name what they read; approving in the order of the list works as before."""
    office = Office(desk)
    order = office.order(OV, "listed.example.com", **office.known())
    for each in desk.desk.certdesk("review", "list", "--json"):
        if each["Uin"] == office.keys.uin:
            words = ("--attempt", each["Attempt"].upper())
            assert office.review("approve", each["Id"], *words)["Verdict"] == "approved"
    assert office.stands(order) == (0, "PENDING-DCV")


@AS_ROOT
def test_one_user_of_the_system_is_never_the_second_person(desk: World) -> None:
    """Two users of the system are, as the kernel tells of them at the socket."""
    office = Office(desk)
    order, _ = ordered(office, EV, "two.example.com")
    subject = f"order:{order}"
    assert office.review("approve", subject)["Verdict"] is None
    assert f"{MYSELF} already approved it" in office.refused("approve", subject)
    assert office.review("approve", subject, uid=ANOTHER)["Verdict"] == "approved"
    assert desk.desk.operate("ShowReview", Id=subject)["Approvals"] == [MYSELF, f"uid {ANOTHER}"]
    happened = desk.desk.operate("ShowOrder", CertificateId=order)["Happenings"]
    told = [each["Detail"] for each in happened if each["What"] == "ApproveReview"]
    assert [f" {MYSELF} (uid 0), " in told[0], f" uid {ANOTHER}, " in told[1]] == [True, True]


@AS_ROOT
def test_what_one_operator_saw_is_not_what_another_saw(desk: World) -> None:
    """Each is held to what was shown to that user."""
    office = Office(desk)
    order, material = ordered(office, EV, "mine.example.com")
    subject = f"order:{order}"
    desk.desk.operate("ShowReview", Id=subject)
    swap_names(office, order, "yours.example.com", **material)
    desk.desk.certdesk("review", "show", subject, uid=ANOTHER)
    assert "It has changed since the desk showed" in office.refused("approve", subject)
    assert office.review("approve", subject, uid=ANOTHER)["Approvals"] == [f"uid {ANOTHER}"]


def test_a_group_of_the_system_may_be_the_operators(tmp_path: Path) -> None:
    """The socket is moved out of the data folder, which stays the desk's own."""
    mine = os.getgroups() or [os.getgid()]
    group = grp.getgrgid(65534 if os.geteuid() == 0 else mine[0])
    (tmp_path / "run").mkdir(mode=0o711)
    path = tmp_path / "run" / "operators.sock"
    settings = f'admin.socket = "{path}"\nadmin.group = "{group.gr_name}"\n{NO_RSA_STOCK}\n'
    with running(tmp_path / "data", settings=settings) as desk:
        found = path.stat()
        assert (found.st_mode & 0o777, found.st_gid) == (0o660, group.gr_gid)
        assert desk.certdesk("account", "list") == []
        assert not (desk.folder / "admin.sock").exists()
        if os.geteuid() == 0:
            done = desk.run("account", "list", uid=ANOTHER, gid=group.gr_gid)
            assert (done.returncode, done.stdout) == (0, "[]\n")
            done = desk.run("account", "list", uid=ANOTHER, gid=ANOTHER)
            assert (done.returncode, done.stdout) == (3, "")
            assert "the group in admin.group may use it" in done.stderr


def test_a_group_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    """Nothing is served then."""
    (tmp_path / "certdesk.toml").write_text('admin.group = "no-such-group"\n')
    words = ["serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"]
    done = certdesk(*words, "--config", str(tmp_path / "certdesk.toml"))
    assert (done.returncode, done.stdout) == (3, "")
    assert "admin.group: the system has no group no-such-group" in done.stderr
