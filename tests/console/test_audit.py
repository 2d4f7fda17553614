"""The audit log in the console: who did what, found by people who may look."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlencode

import pytest

from tests.console.desks import ConsoleDesk, heading
from tests.console.visitor import Answer, Visitor

AUDIT = "/console/audit"
FORMULA = "=HYPERLINK(1)"


def search(visitor: Visitor, **fields: str) -> Answer:
    """Open the log as the form of the page would."""
    answer = visitor.open(f"{AUDIT}?{urlencode(fields)}")
    assert heading(answer) == "Audit log", answer.words
    return answer


def rows(visitor: Visitor, **fields: str) -> list[dict[str, str]]:
    """Return what fits, from the table that is saved."""
    saved = visitor.get(f"{AUDIT}/report?{urlencode(fields)}")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    return list(csv.DictReader(io.StringIO(saved.content.decode("utf-8-sig"))))


def test_what_a_person_did_is_found_by_the_login(any_console: ConsoleDesk) -> None:
    """And by the order or the login that it was done to, by the action, and by the day."""
    login, link = any_console.invitation("reviewer")
    any_console.accept(login, link)
    auditor = any_console.somebody("auditor")
    own = rows(auditor, By=login.name)
    assert {each["Action"] for each in own} == {"ConfirmAuthenticator"}
    assert {each["By"] for each in own} == {login.name}
    (person,) = {each["About"] for each in own}
    others = rows(auditor, About=person, By="operator")
    assert [each["Action"] for each in others] == ["InviteStaff"]
    came = rows(auditor, About=person, By="console")
    assert [each["Action"] for each in came] == ["AcceptInvitation"]
    today = own[0]["Time"][:10]
    last = {"FromDate": today, "UntilDate": today}
    accepted = rows(auditor, Action="ConfirmAuthenticator", By=login.name, **last)
    assert [each["Actor"] for each in accepted] == [person.replace(":", " ")]
    assert rows(auditor, By=login.name, UntilDate="2020-01-01") == []
    page = search(auditor, By=login.name)
    assert (login.name in page.words, "ConfirmAuthenticator" in page.words) == (True, True)


def test_an_account_and_its_orders_are_found(any_console: ConsoleDesk) -> None:
    """One by its Uin, the other by its id or a part of that."""
    keys = any_console.desk.account()
    order = any_console.desk.client(keys).buy()
    auditor = any_console.somebody("auditor")
    bought = rows(auditor, About=order)
    assert [(each["Account"], each["By"]) for each in bought] == [(keys.uin, keys.secret_id)]
    assert rows(auditor, Uin=keys.uin, Text=order[1:].upper()) == bought
    assert order in search(auditor, Uin=keys.uin).links


def test_the_log_goes_on_further_back(console: ConsoleDesk) -> None:
    """Part by part, without a gap, and back to the newest."""
    keys = console.desk.account()
    for number in range(60):
        console.desk.operate("AddProject", Uin=keys.uin, Name=f"p{number}")
    operator = console.somebody("operator")
    first = search(operator, Uin=keys.uin)
    second = operator.open(f"/console{first.links['Further back'].removeprefix('/console')}")
    shown = [each.html.count('<th scope="row">') for each in (first, second)]
    assert shown == [50, len(rows(operator, Uin=keys.uin)) - 50]
    assert "Further back" not in second.links
    assert operator.open(second.links["Newest"]).words == first.words


def test_a_search_that_is_none_is_refused_in_words(console: ConsoleDesk) -> None:
    """Nothing of what was typed is run."""
    auditor = console.somebody("auditor")
    for query, why in [
        ("FromDate=tomorrow", "must be a day"),
        ("after=1", "must be the Next"),
        (f"Text={'x' * 65}", "64"),
    ]:
        refused = auditor.get(f"{AUDIT}?{query}")
        assert (refused.status, why in refused.words) == (422, True), refused.words


def test_the_log_is_text_everywhere(console: ConsoleDesk) -> None:
    """Names are no markup on the page, and no formulas in the table."""
    name = '<b onclick="x">=Bo'
    console.accept(*console.invitation("reviewer", name))
    console.accept(*console.invitation("reviewer", FORMULA))
    auditor = console.somebody("auditor")
    page = search(auditor, By=name)
    assert (name in page.words, "<b onclick" in page.html) == (True, False)
    assert {each["By"] for each in rows(auditor, By=FORMULA)} == {f"'{FORMULA}"}


@pytest.mark.parametrize("role", ["reviewer", "user"])
def test_others_do_not_see_the_log(console: ConsoleDesk, role: str) -> None:
    """It is for the operator and for auditors."""
    visitor = console.somebody(role)
    assert visitor.get(AUDIT).status == 403
    assert visitor.get(f"{AUDIT}/report").status == 403
    assert "Audit log" not in visitor.open("/console/").links
