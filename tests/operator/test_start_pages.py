"""What the start pages show: to the staff, and to users as far as their policies allow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.accounts.policy import ALLOW, Grants, Policy
from certdesk.domain.orders import suspension
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.records import Renewal
from certdesk.domain.people.role import Role
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from tests.actions.vetting import ANN, DV, EV, LETTER_OV, OV, Desk
from tests.rules import rules_with

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFUSED = "the CA refused it"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet, two of them each EV order."""
    rules = rules_with(four_eyes=True, letter_products=frozenset({LETTER_OV}))
    with Desk(tmp_path, rules) as opened:
        yield opened


def staff_home(desk: Desk, person: int = 1, role: Role = Role.REVIEWER) -> dict[str, Any]:
    """Open the start page as a person of the staff."""
    return desk.console(desk.person(person, role), "ShowStaffHome")


def user_home(desk: Desk, caller: Caller | None = None) -> dict[str, Any]:
    """Open the start page as a user of the account."""
    return desk.console(caller or desk.caller, "ShowUserHome")


def ids(lines: list[dict[str, Any]]) -> list[str]:
    """Return what lines are about."""
    return [each.get("Id") or each["CertificateId"] for each in lines]


# --- staff ---------------------------------------------------------------------------------------


def test_reviews_are_shown_longest_waiting_first(desk: Desk) -> None:
    """The first ten, and how many there are in all."""
    assert staff_home(desk)["Reviews"] == []
    first = desk.submit(OV)
    desk.clock.move(HOUR)
    later = [desk.submit(OV) for _ in range(10)]
    home = staff_home(desk)
    assert ids(home["Reviews"])[:2] == ["manager:1", f"order:{first}"]
    assert (len(home["Reviews"]), home["ReviewCount"]) == (10, 2 + len(later))
    assert [each["Since"] < home["Now"] for each in home["Reviews"][:3]] == [True, True, False]
    assert home["Reviews"][1]["About"] == "example.com"


def test_an_answer_is_shown_until_the_decision(desk: Desk) -> None:
    """Since the answer; not while another question waits."""
    order = f"order:{desk.submit(OV)}"
    desk.approve("manager:1")
    asked = [
        desk.operator_as(ANN, "AskApplicant", Id=order, Question=each)["QuestionId"]
        for each in ("one?", "two?")
    ]
    answers: list[list[str]] = []
    for question in asked:
        desk.clock.move(HOUR)
        desk.console(desk.caller, "AnswerQuestion", QuestionId=question, Answer="Yes.")
        answers.append(ids(staff_home(desk)["Answered"]))
    assert answers == [[], [order]]
    (line,) = staff_home(desk)["Answered"]
    assert line["Since"] == staff_home(desk)["Now"]
    desk.approve(order)
    assert staff_home(desk)["Answered"] == []


def test_what_a_second_person_may_approve_is_shown_to_that_person(desk: Desk) -> None:
    """Not to the first one by any login, nor to an auditor, nor before the first approval."""
    order = f"order:{desk.submit(EV)}"
    desk.approve("manager:1")
    assert staff_home(desk, 1)["Second"] == []
    attempt = desk.console(desk.person(1), "ShowReview", Id=order)["Attempt"]
    desk.console(desk.person(1), "ApproveReview", Id=order, Attempt=attempt)
    desk.link(3, "person:1")
    seen = [ids(staff_home(desk, person)["Second"]) for person in (1, 2, 3)]
    assert seen == [[], [order], []]
    assert staff_home(desk, 4, Role.AUDITOR)["Second"] == []


def test_orders_that_are_set_aside_are_shown_with_the_reason(desk: Desk) -> None:
    """And how many there are."""
    order = desk.submit(DV)

    def put_aside(unit: Unit) -> None:
        task = unit.tasks.get(order)
        assert task is not None
        unit.tasks.replace(replace(task, set_aside=True, due_at=None, failures=5, reason="OSError"))

    desk.store.write(put_aside)
    home = staff_home(desk)
    (line,) = home["SetAside"]
    assert (line["CertificateId"], home["SetAsideCount"]) == (order, 1)
    assert line["What"] == "Failed 5 times: OSError"
    assert line["Since"] is not None


def test_certificates_without_a_successor_are_shown_first_end_first(desk: Desk) -> None:
    """Those that end soon, and those that could not be renewed; not those that wait as they may."""
    now = desk.clock.now()
    reasons = ["", REFUSED, suspension.REASON, "", REFUSED]
    days = [13, 40, 1, 15, 2]
    orders = [desk.buy(desk.caller, DV) for _ in reasons]

    def store(unit: Unit) -> None:
        for its, reason, left in zip(orders, reasons, days, strict=True):
            ends = now + left * DAY
            renewal = Renewal(
                certificate_id=its, uin=desk.caller.uin, ends_at=ends, due_at=now, reason=reason
            )
            unit.renewals.add(renewal)

    desk.store.write(store)
    home = staff_home(desk)
    assert ids(home["Failed"]) == [orders[4], orders[1]]
    assert [each["What"] for each in home["Failed"]] == [REFUSED] * 2
    assert ids(home["Ending"]) == [orders[4], orders[0]]


def test_what_is_wrong_with_the_desk_is_said_in_words(desk: Desk) -> None:
    """As `/healthz` says it; nothing if all is well."""
    assert staff_home(desk)["Faults"] == []
    desk.engine = replace(desk.engine, health=lambda: ["no resolver answers"])
    assert staff_home(desk)["Faults"] == ["no resolver answers"]


# --- users ---------------------------------------------------------------------------------------


def limited(desk: Desk, action: str, *certificates: str) -> Caller:
    """Return a caller of the account who may do one action with some certificates."""
    policy = Policy(
        uin=desk.caller.uin,
        name="some",
        effect=ALLOW,
        actions=(f"ssl:{action}",),
        certificates=certificates,
        created_at=desk.clock.now(),
    )
    return replace(desk.caller, grants=Grants((policy,)))


def test_users_see_what_their_orders_wait_for(desk: Desk) -> None:
    """What to prove, to send, and what failed and why; the newest first."""
    bought = [desk.buy(desk.caller, DV) for _ in range(2)]
    proving = desk.submit(DV)
    letter = desk.submit(LETTER_OV)
    desk.clock.move(DAY)
    failed = desk.submit(OV)
    desk.operator_as(ANN, "RejectReview", Id=f"order:{failed}", Reason="The company is closed.")
    home = user_home(desk)
    assert ids(home["ToProve"]["Orders"]) == [proving]
    assert "Publish" in home["ToProve"]["Orders"][0]["What"]
    assert ids(home["Material"]["Orders"]) == bought[::-1]
    assert ids(home["Letters"]["Orders"]) == [letter]
    (line,) = home["Failed"]["Orders"]
    assert (line["CertificateId"], line["Since"]) == (failed, home["Now"])
    assert "The company is closed." in line["What"]
    assert home["Material"]["Count"] == 2


def test_users_see_what_ends_and_when(desk: Desk) -> None:
    """Within 7, 30 and 90 days, with what replaces each."""
    orders = [desk.buy(desk.caller, DV) for _ in range(4)]

    def issue(unit: Unit) -> None:
        for its, days in zip(orders, (60, 5, 20, 100), strict=True):
            order = unit.orders.get(its)
            assert order is not None
            end = desk.clock.now() + days * DAY
            issued = replace(order, status=Status.ISSUED, waits_for=None, ends_at=end)
            unit.orders.replace(issued)

    desk.store.write(issue)
    home = user_home(desk)
    assert ids(home["Ending"]["Orders"]) == [orders[1], orders[2], orders[0]]
    counts = [(each["Days"], each["Count"]) for each in home["EndingCounts"]]
    assert counts == [(7, 1), (30, 2), (90, 3)]
    assert {each["What"] for each in home["Ending"]["Orders"]} == {"Nothing replaces it yet."}


def test_users_see_nothing_that_their_policies_do_not_show(desk: Desk) -> None:
    """Nor anything of another account: it is as if it were missing."""
    one, _ = (desk.buy(desk.caller, DV) for _ in range(2))
    desk.submit(DV)

    def seen(caller: Caller) -> list[str]:
        home = user_home(desk, caller)
        kinds = ("ToProve", "Material", "Letters", "Failed", "Ending")
        return [its for kind in kinds for its in ids(home[kind]["Orders"])]

    assert len(seen(desk.caller)) == 3
    assert seen(limited(desk, "DescribeCertificates", one)) == [one]
    assert seen(limited(desk, "DownloadCertificate")) == []
    assert seen(replace(desk.caller, grants=Grants(()))) == []
    assert seen(desk.account()) == []
