"""How the operator enters users, policies and projects, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from certdesk.actions.access import own_project
from certdesk.domain.errors import (
    AccountNotFound,
    CertificateNotFound,
    InvalidParam,
    NoProjectPermission,
    PolicyNotFound,
    ProjectNotFound,
    UserNotFound,
)
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from tests.inside import InsideDesk


@pytest.fixture
def inside(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


@pytest.fixture
def account(inside: InsideDesk) -> Caller:
    """An account on it."""
    return inside.account()


@pytest.fixture
def uin(account: Caller) -> str:
    """Its Uin."""
    return account.uin


def add_user(inside: InsideDesk, uin: str, name: str = "robot") -> int:
    """Enter a user; give its number."""
    return int(inside.operator("AddUser", Uin=uin, Name=name)["UserId"])


def add_policy(inside: InsideDesk, uin: str, **changes: object) -> int:
    """Write a policy; give its number."""
    rule = {"Name": "look", "Effect": "allow", "Actions": ["ssl:Describe*"]} | changes
    return int(inside.operator("AddPolicy", Uin=uin, **rule)["PolicyId"])


def add_project(inside: InsideDesk, uin: str, name: str = "web") -> int:
    """Begin a project; give its number."""
    return int(inside.operator("AddProject", Uin=uin, Name=name)["ProjectId"])


def move(inside: InsideDesk, certificate_id: str, project: int) -> None:
    """Put an order into a project."""
    order = replace(inside.order(certificate_id), project_id=project)
    inside.store.write(lambda unit: unit.orders.replace(order))


# --- users --------------------------------------------------------------------------------------


def test_users_are_listed_with_keys_and_policies(inside: InsideDesk, uin: str) -> None:
    """Those of one account; a new one has neither."""
    robot, ada = add_user(inside, uin), add_user(inside, uin, "Ada")
    add_user(inside, inside.account().uin)
    key = inside.operator("AddKey", Uin=uin, UserId=robot)["SecretId"]
    gone = inside.operator("AddKey", Uin=uin, UserId=robot)["SecretId"]
    inside.operator("DisableKey", SecretId=gone)
    policy = add_policy(inside, uin)
    inside.operator("AttachPolicy", UserId=robot, PolicyId=policy)
    common = {"Enabled": True, "CreateTime": "2026-03-01T12:00:00Z"}
    assert inside.operator("ListUsers", Uin=uin)["Users"] == [
        {"UserId": robot, "Name": "robot", "PolicyIds": [policy], "SecretIds": [key], **common},
        {"UserId": ada, "Name": "Ada", "PolicyIds": [], "SecretIds": [], **common},
    ]


def test_a_user_is_shown_with_what_binds_it(inside: InsideDesk, uin: str) -> None:
    """The policies themselves, and whether it is enabled."""
    robot, policy = add_user(inside, uin), add_policy(inside, uin)
    inside.operator("AttachPolicy", UserId=robot, PolicyId=policy)
    inside.operator("SwitchUser", UserId=robot, Enabled=False)
    shown = inside.operator("ShowUser", UserId=robot)
    assert (shown["Uin"], shown["User"]["Enabled"], shown["TemporaryKeys"]) == (uin, False, [])
    assert shown["Policies"] == inside.operator("ListPolicies", Uin=uin)["Policies"]


def test_an_accounts_own_keys_are_listed_apart_from_its_users(
    inside: InsideDesk, account: Caller
) -> None:
    """And counted apart: each has two in use at most."""
    robot = add_user(inside, account.uin)
    second = inside.operator("AddKey", Uin=account.uin)["SecretId"]
    for _ in range(2):
        inside.operator("AddKey", Uin=account.uin, UserId=robot)
    (listed,) = inside.operator("ListAccounts")["Accounts"]
    assert sorted(listed["SecretIds"]) == sorted([account.actor, second])
    with pytest.raises(InvalidParam, match="The account already has 2 keys in use"):
        inside.operator("AddKey", Uin=account.uin)
    with pytest.raises(InvalidParam, match="The user already has 2 keys in use"):
        inside.operator("AddKey", Uin=account.uin, UserId=robot)


def test_a_key_is_made_for_a_user_of_the_same_account(inside: InsideDesk, uin: str) -> None:
    """Not for another's, though the number be right."""
    stranger = add_user(inside, inside.account().uin)
    with pytest.raises(UserNotFound, match=f"The account has no user {stranger}"):
        inside.operator("AddKey", Uin=uin, UserId=stranger)
    with pytest.raises(UserNotFound, match="There is no user 99"):
        inside.operator("AddKey", Uin=uin, UserId=99)


def test_policies_are_attached_once_and_detached(inside: InsideDesk, uin: str) -> None:
    """In the order of their numbers; a policy that is attached again stays attached."""
    robot = add_user(inside, uin)
    first, second = add_policy(inside, uin), add_policy(inside, uin, Name="buy")
    for policy, bound in ((second, [second]), (first, [first, second]), (second, [first, second])):
        reply = inside.operator("AttachPolicy", UserId=robot, PolicyId=policy)
        assert reply == {"UserId": robot, "PolicyIds": bound}
    assert inside.operator("DetachPolicy", UserId=robot, PolicyId=first)["PolicyIds"] == [second]
    with pytest.raises(PolicyNotFound, match=f"The user has no policy {first}"):
        inside.operator("DetachPolicy", UserId=robot, PolicyId=first)


def test_another_accounts_policy_binds_nobody_here(inside: InsideDesk, uin: str) -> None:
    """It is not there for this account's users."""
    robot, foreign = add_user(inside, uin), add_policy(inside, inside.account().uin)
    with pytest.raises(PolicyNotFound, match=f"The user's account has no policy {foreign}"):
        inside.operator("AttachPolicy", UserId=robot, PolicyId=foreign)


@pytest.mark.parametrize("action", ["AddUser", "AddPolicy", "AddProject"])
def test_a_name_is_free_and_fit_to_be_listed(inside: InsideDesk, uin: str, action: str) -> None:
    """One thing of a kind and account has it; short and printable."""
    rule = {"Effect": "allow", "Actions": ["*"]} if action == "AddPolicy" else {}
    inside.operator(action, Uin=uin, Name="web", **rule)
    inside.operator(action, Uin=inside.account().uin, Name="web", **rule)
    with pytest.raises(InvalidParam, match="Name: the account already has a web"):
        inside.operator(action, Uin=uin, Name="web", **rule)
    for name in ("x" * 65, "a\nb", "\u2800"):
        with pytest.raises(InvalidParam, match=r"Name: must (have at most 64 print|not contain)"):
            inside.operator(action, Uin=uin, Name=name, **rule)
    with pytest.raises(InvalidParam, match="Name: must contain a visible character"):
        inside.operator(action, Uin=uin, Name=" ", **rule)
    with pytest.raises(AccountNotFound, match="There is no account nobody"):
        inside.operator(action, Uin="nobody", Name="other", **rule)


# --- policies -----------------------------------------------------------------------------------


def test_a_policy_is_shown_as_it_was_written(inside: InsideDesk, account: Caller) -> None:
    """What was left out is all there is; what was given twice is there once."""
    order, project = inside.buy(account), add_project(inside, account.uin)
    narrow = add_policy(
        inside,
        account.uin,
        Effect="deny",
        Actions=["ssl:Describe*", "ssl:CreateCertificate", "ssl:Describe*"],
        CertificateIds=[order, order],
        ProjectIds=[0, project],
    )
    wide = add_policy(inside, account.uin, Name="all", Actions=["*"])
    assert inside.operator("ListPolicies", Uin=account.uin)["Policies"] == [
        {
            "PolicyId": narrow,
            "Name": "look",
            "Effect": "deny",
            "Actions": ["ssl:Describe*", "ssl:CreateCertificate"],
            "CertificateIds": [order],
            "ProjectIds": ["0", str(project)],
            "CreateTime": "2026-03-01T12:00:00Z",
        },
        {
            "PolicyId": wide,
            "Name": "all",
            "Effect": "allow",
            "Actions": ["*"],
            "CertificateIds": ["*"],
            "ProjectIds": ["*"],
            "CreateTime": "2026-03-01T12:00:00Z",
        },
    ]


@pytest.mark.parametrize(
    "pattern",
    ["ssl:DescribeCompanys", "Describe*", "ssl:describe*", "ssl:", "cvm:*", "s" * 65, "*" * 65],
)
def test_a_pattern_that_fits_no_action_is_refused(
    inside: InsideDesk, uin: str, pattern: str
) -> None:
    """As a denial it would deny nothing, and nobody would know."""
    with pytest.raises(InvalidParam, match=r"matches no action\. Examples: ssl:DescribeCompanies"):
        add_policy(inside, uin, Actions=["ssl:Describe*", pattern])
    assert inside.operator("ListPolicies", Uin=uin)["Policies"] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "ssl:*",
        "ssl:DownloadCertificate",
        "ssl:*CSR*",
        "ssl:DeleteManager",
        "ssl:ReadPrivateKey",
    ],
)
def test_a_pattern_may_fit_an_action_that_is_not_built(
    inside: InsideDesk, uin: str, pattern: str
) -> None:
    """A policy is to hold also when the desk has grown."""
    assert add_policy(inside, uin, Actions=[pattern])


def test_a_policy_allows_or_denies_something(inside: InsideDesk, uin: str) -> None:
    """Nothing else, and not nothing."""
    with pytest.raises(InvalidParam, match="Effect: must be allow or deny"):
        add_policy(inside, uin, Effect="Allow")
    with pytest.raises(InvalidParam, match="Actions: name at least one"):
        add_policy(inside, uin, Actions=[])


def test_a_policy_names_what_the_account_has(inside: InsideDesk, account: Caller) -> None:
    """No certificate or project of another, and none that is not there."""
    other = inside.account()
    order, project = inside.buy(other), add_project(inside, other.uin)
    for certificate_id in (order, "aaaaaaaa", "*"):
        with pytest.raises(CertificateNotFound, match="The account has no certificate"):
            add_policy(inside, account.uin, CertificateIds=[certificate_id])
    for project_id in (project, 99, -1):
        with pytest.raises(ProjectNotFound, match=f"The account has no project {project_id}"):
            add_policy(inside, account.uin, ProjectIds=[project_id])


def test_a_policy_that_binds_somebody_is_not_removed(inside: InsideDesk, uin: str) -> None:
    """A denial would be lifted by mistake."""
    robot, policy = add_user(inside, uin), add_policy(inside, uin)
    inside.operator("AttachPolicy", UserId=robot, PolicyId=policy)
    assert inside.operator("ShowPolicy", PolicyId=policy)["UserIds"] == [robot]
    with pytest.raises(
        InvalidParam, match=rf"The policy is attached to users \({robot}\)\. Detach it first"
    ):
        inside.operator("RemovePolicy", PolicyId=policy)
    inside.operator("DetachPolicy", UserId=robot, PolicyId=policy)
    assert inside.operator("RemovePolicy", PolicyId=policy) == {"PolicyId": policy}
    with pytest.raises(PolicyNotFound, match=f"There is no policy {policy}"):
        inside.operator("ShowPolicy", PolicyId=policy)
    assert add_policy(inside, uin) > policy


# --- projects -----------------------------------------------------------------------------------


def test_projects_are_listed_with_how_many_orders_they_have(
    inside: InsideDesk, account: Caller
) -> None:
    """Number 0, which every account has, is not among them."""
    web, mail = add_project(inside, account.uin), add_project(inside, account.uin, "mail")
    add_project(inside, inside.account().uin)
    for _ in range(2):
        move(inside, inside.buy(account), mail)
    inside.buy(account)
    created = {"CreateTime": "2026-03-01T12:00:00Z"}
    assert inside.operator("ListProjects", Uin=account.uin)["Projects"] == [
        {"ProjectId": web, "Name": "web", "OrderCount": 0, **created},
        {"ProjectId": mail, "Name": "mail", "OrderCount": 2, **created},
    ]


def test_a_project_gets_another_name(inside: InsideDesk, uin: str) -> None:
    """A free one; its own is free for it."""
    web = add_project(inside, uin)
    add_project(inside, uin, "mail")
    inside.operator("RenameProject", ProjectId=web, Name="web")
    inside.operator("RenameProject", ProjectId=web, Name="sites")
    with pytest.raises(InvalidParam, match="Name: the account already has a mail"):
        inside.operator("RenameProject", ProjectId=web, Name="mail")
    names = [each["Name"] for each in inside.operator("ListProjects", Uin=uin)["Projects"]]
    assert names == ["sites", "mail"]


def test_a_project_with_orders_is_not_removed(inside: InsideDesk, account: Caller) -> None:
    """They would lie nowhere."""
    project, order = add_project(inside, account.uin), inside.buy(account)
    move(inside, order, project)
    with pytest.raises(InvalidParam, match=r"The project has 1 orders\. Move them first"):
        inside.operator("RemoveProject", ProjectId=project)
    move(inside, order, 0)
    assert inside.operator("RemoveProject", ProjectId=project) == {"ProjectId": project}
    with pytest.raises(ProjectNotFound, match=f"There is no project {project}"):
        inside.operator("RenameProject", ProjectId=project, Name="web")
    assert add_project(inside, account.uin) > project


def test_anothers_project_is_as_missing_as_one_that_nobody_has(
    inside: InsideDesk, uin: str
) -> None:
    """For the actions of the API; number 0 is there for everybody."""
    own, foreign = add_project(inside, uin), add_project(inside, inside.account().uin)
    for project in (0, own):
        inside.store.read(lambda unit, its=project: own_project(unit, uin, its))  # type: ignore[misc]  # bound now
    for project in (foreign, 99):
        with pytest.raises(NoProjectPermission, match=f"There is no project {project}"):
            inside.store.read(lambda unit, its=project: own_project(unit, uin, its))  # type: ignore[misc]  # bound now


# --- what is told of it -------------------------------------------------------------------------


def test_every_change_is_on_record(inside: InsideDesk, account: Caller) -> None:
    """Under the account, by the operator, with what it is now."""
    uin = account.uin
    robot, policy, project = (
        add_user(inside, uin),
        add_policy(inside, uin),
        add_project(inside, uin),
    )
    key = inside.operator("AddKey", Uin=uin, UserId=robot)["SecretId"]
    inside.operator("AttachPolicy", UserId=robot, PolicyId=policy)
    inside.operator("SwitchUser", UserId=robot, Enabled=False)
    inside.operator("DetachPolicy", UserId=robot, PolicyId=policy)
    inside.operator("RemovePolicy", PolicyId=policy)
    inside.operator("RenameProject", ProjectId=project, Name="sites")
    inside.operator("RemoveProject", ProjectId=project)
    told = {
        f"user:{robot}": ["robot", f"policies {policy}", "enabled False", "policies none"],
        f"policy:{policy}": ["allow ssl:Describe*", "removed"],
        f"project:{project}": ["web", "sites", "removed"],
        f"key:{key}": [f"user {robot}"],
    }
    for subject, details in told.items():
        entries = inside.audit(subject)
        assert [entry.detail for entry in entries] == details
        assert {(entry.uin, entry.actor) for entry in entries} == {(uin, "operator")}
