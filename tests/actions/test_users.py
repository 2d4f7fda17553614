"""Users of an account, through the SDK: what policies allow them, and what nothing allows."""

from __future__ import annotations

import re

import pytest

from tests.actions.asking import NOBODY, answers, becomes
from tests.actions.submitting import refusal
from tests.running import Client, Keys, RunningDesk, User

AUTH = "FailedOperation.AuthError"
NOT_THIS = "You do not have permission to perform this operation."
PROJECT = "FailedOperation.NoProjectPermission"
NOT_HERE = "You do not have the permission to operate on this project."


@pytest.fixture
def user(desk: RunningDesk, keys: Keys) -> User:
    """A new user of the account, with a key and no policies."""
    return desk.user(keys)


@pytest.fixture
def theirs(desk: RunningDesk, user: User) -> Client:
    """The SDK with the user's key, which was not used yet."""
    return desk.client(user.keys)


def unauthorized(told: tuple[str, str] | None) -> str | None:
    """Give the action that no policy allows, of a refusal that says so word for word."""
    code, message = told or ("", "")
    found = re.fullmatch(
        r"You are not authorized to perform this operation\. Check your CAM policies, and "
        r"ensure that you are using the correct access keys\. "
        r"\[\[request id:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\]you are not authorized to "
        r"perform operation \(ssl:(\w+)\)\nresource \(\*\) has no permission\n\]",
        message,
    )
    return found[1] if found and code == "AuthFailure.UnauthorizedOperation" else None


# --- actions ------------------------------------------------------------------------------------


def test_a_new_user_may_do_nothing(theirs: Client, order: str) -> None:
    """Neither look nor change; what is asked for is not even looked at."""
    assert unauthorized(refusal(lambda: theirs.call("DescribeCompanies"))) == "DescribeCompanies"
    assert unauthorized(refusal(theirs.buy)) == "CreateCertificate"
    assert unauthorized(refusal(lambda: theirs.detail(order))) == "DescribeCertificateDetail"
    assert unauthorized(refusal(lambda: theirs.call("DescribeManagers"))) == "DescribeManagers"


def test_one_action_that_is_allowed_is_allowed_alone(
    desk: RunningDesk, user: User, theirs: Client, order: str
) -> None:
    """Its neighbours stay refused."""
    desk.bind(user, "allow", "ssl:DescribeCertificateDetail")
    assert theirs.detail(order)["CertificateId"] == order
    assert unauthorized(answers(theirs)) == "DescribeCompanies"


def test_a_pattern_allows_all_actions_that_it_fits(
    desk: RunningDesk, user: User, theirs: Client, order: str
) -> None:
    """`*` is any text."""
    desk.bind(user, "allow", "ssl:Describe*", "ssl:*Order")
    assert answers(theirs) is None
    assert theirs.call("CancelCertificateOrder", CertificateId=order)["CertificateId"] == order
    assert unauthorized(answers(theirs, buying=True)) == "CreateCertificate"


def test_an_action_that_does_not_exist_is_that_also_for_users(theirs: Client) -> None:
    """Permission is looked at after the action was found."""
    assert refusal(lambda: theirs.call("DescribeNothing"))[0] == "InvalidAction"


def test_a_denial_wins_over_every_allowance(
    desk: RunningDesk, keys: Keys, order: str, client: Client
) -> None:
    """Whichever of the two came first."""
    early, late = desk.user(keys), desk.user(keys, "ssl:*")
    desk.bind(early, "deny", "ssl:Cancel*")
    desk.bind(early, "allow", "ssl:*")
    desk.bind(late, "deny", "ssl:Cancel*")
    for user in (early, late):
        theirs = desk.client(user.keys)
        assert theirs.detail(order)["Status"] == 5
        told = refusal(lambda its=theirs: its.call("CancelCertificateOrder", CertificateId=order))  # type: ignore[misc]  # bound now
        assert unauthorized(told) == "CancelCertificateOrder"
    assert client.detail(order)["Status"] == 5


# --- certificates and projects ------------------------------------------------------------------


def test_one_certificate_that_is_allowed_is_allowed_alone(
    desk: RunningDesk, user: User, theirs: Client, client: Client
) -> None:
    """Another one of the account is refused with its name, in each action."""
    mine, other = client.buy(), client.buy()
    desk.bind(user, "allow", "ssl:*", certificates=[mine])
    assert theirs.submit(mine)
    assert theirs.detail(mine)["Domain"] == "example.com"
    for action, ask in (
        ("CertificateInfoSubmit", lambda: theirs.submit(other)),
        ("DescribeCertificateDetail", lambda: theirs.detail(other)),
        (
            "CancelCertificateOrder",
            lambda: theirs.call("CancelCertificateOrder", CertificateId=other),
        ),
    ):
        assert refusal(ask) == (AUTH, f"{NOT_THIS} No policy allows ssl:{action} for {other}.")
    assert client.detail(other)["Status"] == 5


def test_who_may_use_some_certificates_may_not_buy_others(
    desk: RunningDesk, user: User, theirs: Client, order: str
) -> None:
    """A new order is none of those that the policy names."""
    desk.bind(user, "allow", "*", certificates=[order])
    assert refusal(theirs.buy) == (
        AUTH,
        f"{NOT_THIS} No policy allows ssl:CreateCertificate in project 0.",
    )


def test_one_certificate_may_be_denied(desk: RunningDesk, keys: Keys, client: Client) -> None:
    """All others stay allowed, and so does buying."""
    user, denied = desk.user(keys, "ssl:*"), client.buy()
    desk.bind(user, "deny", "ssl:Describe*", certificates=[denied])
    theirs = desk.client(user.keys)
    assert theirs.detail(theirs.buy())["Status"] == 5
    assert refusal(lambda: theirs.detail(denied))[0] == AUTH
    assert theirs.submit(denied)


def test_a_project_that_is_allowed_is_allowed_alone(
    desk: RunningDesk, keys: Keys, user: User, theirs: Client, order: str
) -> None:
    """The order lies in project 0, which the policy does not name."""
    desk.bind(user, "allow", "ssl:*", projects=[desk.project(keys)])
    for action, ask in (
        ("CertificateInfoSubmit", lambda: theirs.submit(order)),
        ("DescribeCertificateDetail", lambda: theirs.detail(order)),
        (
            "CancelCertificateOrder",
            lambda: theirs.call("CancelCertificateOrder", CertificateId=order),
        ),
    ):
        assert refusal(ask) == (PROJECT, f"{NOT_HERE} No policy allows ssl:{action} in project 0.")
    # Of the two codes the vendor lists one for this action.
    assert refusal(theirs.buy)[0] == AUTH


def test_a_denied_project_leaves_the_others(
    desk: RunningDesk, keys: Keys, user: User, theirs: Client, order: str
) -> None:
    """Project 0 is one like others."""
    desk.bind(user, "allow", "ssl:*", projects=[0])
    desk.bind(user, "deny", "ssl:*", projects=[desk.project(keys)])
    assert theirs.detail(order)["ProjectId"] == "0"
    assert theirs.detail(theirs.buy())["Status"] == 5


def test_what_does_not_exist_is_not_refused_but_missing(
    desk: RunningDesk, user: User, theirs: Client, order: str
) -> None:
    """Another account's certificate too: whether it is there comes before whether one may."""
    desk.bind(user, "allow", "ssl:*", certificates=[order])
    foreign = desk.client().buy()
    for certificate_id in (foreign, "aaaaaaaa"):
        assert refusal(lambda each=certificate_id: theirs.detail(each)) == (  # type: ignore[misc]  # bound now
            "FailedOperation.CertificateNotFound",
            "The certificate does not exist.",
        )


# --- changes ------------------------------------------------------------------------------------


def test_a_disabled_user_is_shut_out_while_the_desk_runs(desk: RunningDesk, keys: Keys) -> None:
    """All keys of the user, and nobody else's."""
    user, other = desk.user(keys, "ssl:*"), desk.user(keys, "ssl:*")
    added = desk.operate("AddKey", Uin=keys.uin, UserId=user.number)
    second = desk.client(Keys(added["Uin"], added["SecretId"], added["SecretKey"]))
    clients = [desk.client(user.keys), second]
    assert [answers(each) for each in clients] == [None, None]
    desk.operate("SwitchUser", UserId=user.number, Enabled=False)
    for each in clients:
        becomes(NOBODY, lambda its=each: answers(its))  # type: ignore[misc]  # bound now
    assert answers(desk.client(other.keys)) is None
    desk.operate("SwitchUser", UserId=user.number, Enabled=True)
    for each in clients:
        becomes(None, lambda its=each: answers(its))  # type: ignore[misc]  # bound now


def test_a_policy_binds_and_releases_while_the_desk_runs(
    desk: RunningDesk, user: User, theirs: Client
) -> None:
    """Keys that are in use see it too."""
    assert unauthorized(answers(theirs)) == "DescribeCompanies"
    policy = desk.bind(user, "allow", "ssl:DescribeCompanies")
    becomes(None, lambda: answers(theirs))
    desk.operate("DetachPolicy", UserId=user.number, PolicyId=policy)
    becomes("DescribeCompanies", lambda: unauthorized(answers(theirs)))


def test_a_disabled_account_shuts_its_users_out(desk: RunningDesk) -> None:
    """They are of the account."""
    keys = desk.account()
    theirs = desk.client(desk.user(keys, "ssl:*").keys)
    assert answers(theirs) is None
    desk.operate("SwitchAccount", Uin=keys.uin, Enabled=False)
    becomes(NOBODY, lambda: answers(theirs))


def test_users_of_an_account_share_what_it_owns(desk: RunningDesk, keys: Keys) -> None:
    """What one buys another may see."""
    buyer, looker = desk.user(keys, "ssl:Create*"), desk.user(keys, "ssl:Describe*")
    order = desk.client(buyer.keys).buy()
    assert desk.client(looker.keys).detail(order)["OwnerUin"] == keys.uin
