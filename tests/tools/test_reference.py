"""The pages of docs/ that follow from the code are the ones that follow from this code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.bootstrap import actions
from certdesk.catalog import Action
from certdesk.wire.vendor import ACTIONS
from tests.issued import issue
from tests.running import Client, running
from tools.reference.examples import EXAMPLES
from tools.reference.fields import members, parameters
from tools.reference.pages import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
MADE = pages()
PUBLIC = [action for action in actions() if not action.internal]
SETTINGS = """
[keys.stock]
rsa_2048 = 0
rsa_4096 = 0
[dns]
resolvers = ["127.0.0.1:9"]
dnssec = "off"
"""
"""Nobody answers at that resolver, so no name is proved."""

ORDER_OF_LIFE = (
    "ApplyCertificate",
    "DownloadCertificate",
    "DescribeDownloadCertificateUrl",
    "ReplaceCertificate",
    "RevokeCertificate",
    "CreateCertificate",
    "DescribeCompanies",
    "DescribeManagers",
    "ModifyCertificateAlias",
    "ModifyCertificateProject",
    "ModifyCertificatesExpiringNotificationSwitch",
    "SubmitCertificateInformation",
    "CertificateInfoSubmit",
    "CommitCertificateInformation",
    "CancelAuditCertificate",
    "ModifyCertificateResubmit",
    "DescribeCertificate",
    "DescribeCertificateDetail",
    "CertificateOrderSubmit",
    "CheckCertificateDomainVerification",
    "CompleteCertificate",
    "CancelAuditCertificate",
    "ModifyCertificateResubmit",
    "DescribeCertificates",
    "CancelCertificateOrder",
    "DeleteCertificate",
    "DescribeCertificateOperateLogs",
)

Replies = dict[str, dict[str, Any]]


@pytest.mark.parametrize("name", MADE)
def test_a_made_page_is_checked_in_as_it_would_be_made_now(name: str) -> None:
    """Run `.venv/bin/python -m tools.reference` and commit what it writes."""
    assert (DOCS / name).read_text("utf-8") == MADE[name]


def test_no_page_is_left_of_an_action_that_is_gone() -> None:
    """The folder of the reference holds what is made and nothing else."""
    made = {name for name in MADE if name.startswith("reference/")}
    assert {f"reference/{path.name}" for path in (DOCS / "reference").iterdir()} == made


@pytest.mark.parametrize("action", PUBLIC, ids=lambda action: action.name)
def test_every_parameter_is_described(action: Action) -> None:
    """A parameter of the API has a docstring where it is declared."""
    assert [one.path for one in parameters(action.request) if not one.text] == []


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str]]:
    """The official SDK, with the keys of an account that has all that examples name.

    That is a company, a manager, and a certificate, whose id is given too.
    """
    with running(tmp_path_factory.mktemp("reference") / "data", settings=SETTINGS) as desk:
        keys = desk.account()
        assert desk.company(keys) == desk.manager(keys, 1, status="ok") == 1
        issued = desk.client(keys).buy()
        desk.client(keys).submit(issued)
        issue(desk, keys, issued)
        yield desk.client(keys), issued


@pytest.fixture(scope="module")
def client(reader: tuple[Client, str]) -> Client:
    """The reader's SDK."""
    return reader[0]


@pytest.fixture(scope="module")
def replies(reader: tuple[Client, str]) -> Replies:
    """Send each example of the reference to a desk."""
    return _live(*reader)


def _live(client: Client, issued: str) -> Replies:
    """Begin with an order that is issued, then go through the life of a new one."""
    got: Replies = {}
    order = issued
    for name in ORDER_OF_LIFE:
        given = json.loads(json.dumps(EXAMPLES[name]).replace("LrmeMvQr", order))
        got[name] = client.call(name, **given)
        order = got.get("CreateCertificate", {}).get("CertificateIds", [order])[0]
    return got


def test_every_example_is_answered(replies: Replies) -> None:
    """An example that a reader copies is one that the desk takes."""
    assert sorted(replies) == sorted(EXAMPLES)


@pytest.mark.parametrize(
    "action", [one for one in PUBLIC if one.name in EXAMPLES], ids=lambda action: action.name
)
def test_what_counts_as_unfilled_is_not_filled(action: Action, replies: Replies) -> None:
    """A member with a default says on the page what always stands there, and that is there."""
    for member in members(action.reply):
        if member.constant:
            found = list(_at(replies[action.name], member.path.split(".")))
            assert found, member.path
            assert all(value == json.loads(member.constant) for value in found), member.path


def test_what_is_listed_as_not_built_is_answered_as_the_page_says(client: Client) -> None:
    """It is the vendor's, and said to be missing here."""
    for name in sorted(ACTIONS - {action.name for action in PUBLIC}):
        with pytest.raises(TencentCloudSDKException) as refused:
            client.call(name)
        assert refused.value.get_code() == "UnsupportedOperation", name


def _at(value: object, path: list[str]) -> Iterator[object]:
    match value, path:
        case found, []:
            yield found
        case dict(), [name, *rest]:
            inner = value[name.removesuffix("[]")]
            for item in inner if name.endswith("[]") else [inner]:
                yield from _at(item, rest)
