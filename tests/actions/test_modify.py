"""ModifyCertificateAlias and ModifyCertificateProject."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.submitting import invalid, refusal
from tests.running import Client, Keys, RunningDesk

NO_PROJECT = "FailedOperation.NoProjectPermission"
NOT_HERE = "You do not have the permission to operate on this project."


def rename(client: Client, order: str, alias: str | None) -> Any:  # noqa: ANN401 -- a reply
    """Rename an order."""
    given = {} if alias is None else {"Alias": alias}
    return client.call("ModifyCertificateAlias", CertificateId=order, **given)


def move(client: Client, project: int, *orders: str) -> tuple[list[str], list[str]]:
    """Move orders; give those that were moved and those that were not."""
    reply = client.call(
        "ModifyCertificateProject", CertificateIdList=list(orders), ProjectId=project
    )
    return reply["SuccessCertificates"], reply["FailCertificates"]


def project_of(client: Client, order: str) -> str:
    """Give the project that an order is in."""
    return str(client.detail(order)["ProjectId"])


# --- aliases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", ["x", "a" * 200, "Проба 测试 (1)", "-"])
def test_an_order_has_the_name_that_it_was_given(client: Client, order: str, alias: str) -> None:
    """Up to 200 characters."""
    assert rename(client, order, alias)["CertificateId"] == order
    assert client.detail(order)["Alias"] == alias


@pytest.mark.parametrize("alias", [None, ""])
def test_a_name_can_be_taken_away(client: Client, order: str, alias: str | None) -> None:
    """Empty text is as good as none."""
    rename(client, order, "old")
    rename(client, order, alias)
    assert client.detail(order)["Alias"] == ""


@pytest.mark.parametrize(
    ("alias", "rule"),
    [
        ("a" * 201, "takes at most 200 characters, not 201"),
        ("a\nb", "must not contain control characters: U+000A"),
        ("a\u202eb", "must not contain control characters: U+202E"),
        ("\u3164", "must not contain invisible characters: U+3164"),
    ],
)
def test_a_name_that_will_not_do_is_refused(
    client: Client, order: str, alias: str, rule: str
) -> None:
    """The order keeps the one it has."""
    rename(client, order, "kept")
    assert refusal(lambda: rename(client, order, alias)) == invalid(f"Alias: {rule}.")
    assert client.detail(order)["Alias"] == "kept"


def test_a_name_is_given_at_any_status(client: Client, order: str) -> None:
    """A cancelled order can be renamed as well."""
    client.call("CancelCertificateOrder", CertificateId=order)
    rename(client, order, "given up")
    assert client.detail(order)["Alias"] == "given up"


# --- projects -----------------------------------------------------------------------------------


def test_orders_are_moved_to_a_project_and_back(
    desk: RunningDesk, keys: Keys, client: Client
) -> None:
    """Each id is told once, in the order in which they were given."""
    first, second = client.buy(), client.buy()
    project = desk.project(keys)
    assert move(client, project, second, first, second) == ([second, first], [])
    assert project_of(client, first) == str(project)
    assert move(client, 0, first) == ([first], [])
    assert (project_of(client, first), project_of(client, second)) == ("0", str(project))


def test_what_cannot_be_moved_hinders_nothing(
    desk: RunningDesk, keys: Keys, client: Client, order: str
) -> None:
    """Another account's order fails like one that there is not."""
    foreign = desk.client().buy()
    project = desk.project(keys)
    assert move(client, project, foreign, order, "aaaaaaaa") == ([order], [foreign, "aaaaaaaa"])
    assert move(client, project, foreign) == ([], [foreign])


def test_an_unknown_or_foreign_project_is_refused(
    desk: RunningDesk, client: Client, order: str
) -> None:
    """Whatever the orders are."""
    foreign = desk.project(desk.account())
    for project in (foreign, 999_999):
        for orders in ([order], ["aaaaaaaa"]):
            asked = refusal(lambda p=project, o=orders: move(client, p, *o))  # type: ignore[misc]  # bound now
            assert asked == (NO_PROJECT, f"{NOT_HERE} There is no project {project}.")
    assert project_of(client, order) == "0"


@pytest.mark.parametrize("count", [0, 101])
def test_one_to_a_hundred_orders_are_moved_at_once(client: Client, count: int) -> None:
    """No more and no less."""
    ids = [f"{number:08}" for number in range(count)]
    asked = refusal(lambda: move(client, 0, *ids))
    assert asked == invalid(f"CertificateIdList: must be 1 to 100 ids, not {count}.")
    assert move(client, 0, *ids[:100] or ["aaaaaaaa"])[0] == []


def test_a_user_has_to_be_allowed_on_both_sides(
    desk: RunningDesk, keys: Keys, client: Client, order: str
) -> None:
    """Where the order is, and where it is to go."""
    source, target = desk.project(keys), desk.project(keys)
    move(client, source, order)
    user = desk.user(keys)
    theirs = desk.client(user.keys)
    desk.bind(user, "allow", "ssl:*", projects=[source])
    assert refusal(lambda: move(theirs, target, order)) == (
        NO_PROJECT,
        f"{NOT_HERE} No policy allows ssl:ModifyCertificateProject in project {target}.",
    )
    other = desk.user(keys)
    desk.bind(other, "allow", "ssl:*", projects=[target])
    assert move(desk.client(other.keys), target, order) == ([], [order])
    desk.bind(other, "allow", "ssl:*", projects=[source])
    fresh = desk.user(keys)
    desk.bind(fresh, "allow", "ssl:*", projects=[source, target])
    assert move(desk.client(fresh.keys), target, order) == ([order], [])


def test_a_user_may_be_allowed_single_orders(desk: RunningDesk, keys: Keys, client: Client) -> None:
    """The others are told back."""
    mine, other = client.buy(), client.buy()
    project = desk.project(keys)
    user = desk.user(keys)
    desk.bind(user, "allow", "ssl:ModifyCertificateProject", certificates=[mine])
    assert move(desk.client(user.keys), project, other, mine) == ([mine], [other])
