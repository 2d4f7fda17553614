"""Every error that CertificateInfoSubmit declares, by its natural cause, through the SDK.

The recorded sentence comes first, and the detail after it names what is wrong. A refused
submission changes nothing: the order reads the same before and after.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.bootstrap import actions
from tests.actions.submitting import csr_for
from tests.conformance.raw import Call, encode
from tests.conformance.scene import (
    CFCA_OV,
    DNSPOD_OV,
    ONLINE_WITH_IDS,
    WOTRUS_DV,
    WOTRUS_DV_MULTI,
    WOTRUS_OV,
    Scene,
    set_up,
)
from tests.issued import issue, succeed
from tests.running import Client, Keys, running

ONE_MAKER_SMALL_STOCK = """
[keys]
makers = 1
queue = 1
[keys.stock]
rsa_2048 = 0
rsa_4096 = 0
p_256 = 2
[free]
per_domain = 1
"""

TRIES = 50
"""How often a race is run until the outcome that is looked for is seen."""

SLOW_KEY = {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "4096"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Run a desk that keeps no RSA keys ready, makes one at a time and lets one more wait."""
    folder = tmp_path_factory.mktemp("errors") / "desk"
    with running(folder, settings=ONE_MAKER_SMALL_STOCK) as desk:
        yield set_up(desk)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """How a submission was refused, and how the order read before and after."""

    code: str
    message: str
    before: dict[str, Any]
    after: dict[str, Any]


Refusal = Callable[[Scene], Refused]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A situation that is refused. `named` are words of the detail; without any there is none."""

    situation: str
    code: str
    sentence: str
    named: tuple[str, ...] = ()
    refusal: Refusal


def refusal_of(client: Client, order: str, submit: Callable[[], object]) -> Refused:
    """Submit, and look at the order before and after."""
    before = read(client, order)
    with pytest.raises(TencentCloudSDKException) as raised:
        submit()
    return refused(raised.value, before, read(client, order))


def refused(error: BaseException | None, before: dict[str, Any], after: dict[str, Any]) -> Refused:
    """Put a refusal together from the SDK's exception."""
    assert isinstance(error, TencentCloudSDKException)
    assert error.get_request_id()
    return Refused(code=error.get_code(), message=error.get_message(), before=before, after=after)


def code_of(error: BaseException | None) -> str:
    """Give the code of a refusal, or `ok`."""
    return str(error.get_code()) if isinstance(error, TencentCloudSDKException) else "ok"


def read(client: Client, order: str) -> dict[str, Any]:
    """Read an order, without the RequestId that is new in each reply."""
    detail = client.detail(order)
    del detail["RequestId"]
    return detail


def material(product: int = WOTRUS_DV, domains: int = 1, **changes: object) -> Refusal:
    """Hand in personal material with changes, for a product."""

    def refusal(scene: Scene) -> Refused:
        client = scene.client
        order = client.buy(product, domains)
        return refusal_of(client, order, lambda: client.submit(order, **changes))

    return refusal


def example_without(name: str, product: int) -> Refusal:
    """Hand in the example with ids and without one of its parameters."""

    def refusal(scene: Scene) -> Refused:
        client = scene.client
        order = client.buy(product)
        parameters = scene.example(ONLINE_WITH_IDS, order)
        del parameters[name]
        return refusal_of(client, order, lambda: client.call("CertificateInfoSubmit", **parameters))

    return refusal


def by_a_user_of_another_certificate(scene: Scene) -> Refused:
    """Sign good material as a user who may submit for one order, and not for this one."""
    order, other = scene.client.buy(), scene.client.buy()
    user = scene.desk.user(scene.keys)
    scene.desk.bind(user, "allow", "ssl:CertificateInfoSubmit", certificates=[other])
    client = scene.desk.client(user.keys)
    assert client.submit(other)
    return refusal_of(scene.client, order, lambda: client.submit(order))


def by_a_user_of_another_project(scene: Scene) -> Refused:
    """Sign good material as a user who may submit in a project, and not in the order's."""
    order = scene.client.buy()
    user = scene.desk.user(scene.keys)
    project = scene.desk.project(scene.keys)
    scene.desk.bind(user, "allow", "ssl:*", projects=[project])
    client = scene.desk.client(user.keys)
    return refusal_of(scene.client, order, lambda: client.submit(order))


def for_an_unknown_order(scene: Scene) -> Refused:
    """Name an order that nobody has."""
    order = scene.client.buy()
    return refusal_of(scene.client, order, lambda: scene.client.submit("nowhere1"))


def for_a_foreign_order(scene: Scene) -> Refused:
    """Name the order of another account."""
    order = scene.client.buy()
    stranger = scene.desk.client()
    return refusal_of(scene.client, order, lambda: stranger.submit(order))


def for_a_cancelled_order(scene: Scene) -> Refused:
    """Submit after CancelCertificateOrder."""
    order = scene.client.buy()
    scene.client.call("CancelCertificateOrder", CertificateId=order)
    return refusal_of(scene.client, order, lambda: scene.client.submit(order))


def for_a_domain_with_enough_free_certificates(scene: Scene) -> Refused:
    """Hand in the same name for two free orders that the operator gave."""
    first, second = (given(scene) for _ in range(2))
    scene.client.submit(first)
    return refusal_of(scene.client, second, lambda: scene.client.submit(second))


def given(scene: Scene) -> str:
    """Have the operator give the account a free order."""
    granted = scene.desk.certdesk("order", "grant", "83", "--uin", scene.keys.uin)
    return str(granted["CertificateIds"][0])


def for_a_successor_that_the_desk_made(scene: Scene) -> Refused:
    """Hand in other material for what the desk reissues by itself, when nothing goes on there."""
    order = scene.client.buy()
    own = csr_for(ec.generate_private_key(ec.SECP256R1()))
    scene.client.submit(
        order, GenCsrType="parse", Csr=own, CsrEncryptAlgo=None, CsrKeyParameter=None
    )
    issue(scene.desk, scene.keys, order)
    successor = succeed(scene.desk, scene.keys, order)
    scene.client.call("CancelAuditCertificate", CertificateId=successor)
    return refusal_of(scene.client, successor, lambda: scene.client.submit(successor))


def of_an_account_that_is_not_verified(scene: Scene) -> Refused:
    """Buy, lose the verification, and submit with a key that was never used before."""
    desk, keys = scene.desk, scene.desk.account()
    order = desk.client(keys).buy()
    desk.certdesk("account", "verify", keys.uin, "--withdraw")
    added = desk.certdesk("key", "add", keys.uin)
    client = desk.client(Keys(added["Uin"], added["SecretId"], added["SecretKey"]))
    return refusal_of(client, order, lambda: client.submit(order))


def with_more_keys_than_can_be_made(scene: Scene) -> Refused:
    """Ask for four slow keys at once, where one is made and one may wait."""
    for _ in range(TRIES):
        clients = [scene.client for _ in range(4)]
        orders = [client.buy() for client in clients]
        before = [read(scene.client, order) for order in orders]
        with concurrent.futures.ThreadPoolExecutor(len(orders)) as threads:
            submissions = [
                threads.submit(client.submit, order, **SLOW_KEY)
                for client, order in zip(clients, orders, strict=True)
            ]
        for submission, order, earlier in zip(submissions, orders, before, strict=True):
            if code_of(submission.exception()) == "FailedOperation":
                return refused(submission.exception(), earlier, read(scene.client, order))
    pytest.fail("no submission was refused")


def of_an_order_that_is_cancelled_meanwhile(scene: Scene) -> Refused:
    """Cancel an order while a submission of many names is being judged."""
    names = [f"name{number}.example.com" for number in range(99)]
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        for _ in range(TRIES):
            order = scene.client.buy(WOTRUS_DV_MULTI, 100)
            submission = threads.submit(scene.client.submit, order, DnsNames=names)
            scene.client.call("CancelCertificateOrder", CertificateId=order)
            before = read(scene.client, order)
            error = submission.exception()
            if code_of(error) == "FailedOperation.InvalidCertificateStatusCode":
                return refused(error, before, read(scene.client, order))
    pytest.fail("no submission was overtaken")


def with_the_database_locked(scene: Scene) -> Refused:
    """Submit while another program holds the database for longer than the desk waits."""
    order = scene.client.buy()
    path = scene.desk.folder / "certdesk.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refusal = refusal_of(scene.client, order, lambda: scene.client.submit(order))
        other.execute("ROLLBACK")
    assert scene.client.submit(order)
    return refusal


CAUSES = (
    Cause(
        situation="more keys are asked for than can be made",
        code="FailedOperation",
        sentence="Operation failed.",
        named=("The desk is making too many keys", "Try again"),
        refusal=with_more_keys_than_can_be_made,
    ),
    Cause(
        situation="no policy of the user allows it for the order",
        code="FailedOperation.AuthError",
        sentence="You do not have permission to perform this operation.",
        named=("No policy allows ssl:CertificateInfoSubmit for ",),
        refusal=by_a_user_of_another_certificate,
    ),
    Cause(
        situation="personal material comes without a mailbox",
        code="FailedOperation.CertificateInfoSubmitContactEmailEmpty",
        sentence="Mailbox cannot be empty",
        named=("ContactEmail", "CompanyType is 1"),
        refusal=material(ContactEmail=None),
    ),
    Cause(
        situation="the common name is no domain name",
        code="FailedOperation.CertificateInfoSubmitDomainInvalid",
        sentence="The input domain name exa_mple.com is in incorrect format. "
        "Please check and resubmit.",
        named=("CertCommonName", '"exa_mple.com"', "letters, digits, hyphens and dots"),
        refusal=material(CertCommonName="exa_mple.com"),
    ),
    Cause(
        situation="a further name is an address",
        code="FailedOperation.CertificateInfoSubmitDomainInvalid",
        sentence="The input domain name 192.0.2.1 is in incorrect format. "
        "Please check and resubmit.",
        named=("DnsNames", "IP address"),
        refusal=material(WOTRUS_DV_MULTI, 2, DnsNames=["192.0.2.1"]),
    ),
    Cause(
        situation="a name is longer than a common name can be",
        code="FailedOperation.CertificateInfoSubmitDomainInvalid",
        sentence=f"The input domain name {'x' * 58}.com.c… is in incorrect format. "
        "Please check and resubmit.",
        named=("CertCommonName", "at most 64 characters", f"{'x' * 58}.com.c…"),
        refusal=material(CertCommonName=f"{'x' * 58}.com.cn"),
    ),
    Cause(
        situation="the order was cancelled",
        code="FailedOperation.CertificateInfoSubmitStatusInvalid",
        sentence="Certificate status does not allow submitting documentation.",
        named=("status 7", "Cancelled"),
        refusal=for_a_cancelled_order,
    ),
    Cause(
        situation="there is no such order",
        code="FailedOperation.CertificateNotFound",
        sentence="The certificate does not exist.",
        refusal=for_an_unknown_order,
    ),
    Cause(
        situation="the order is another account's",
        code="FailedOperation.CertificateNotFound",
        sentence="The certificate does not exist.",
        refusal=for_a_foreign_order,
    ),
    Cause(
        situation="the product has no choice of roots",
        code="FailedOperation.CertificateOrderSubmitRootCAInvalid",
        sentence="The currently selected root certificate is invalid. Please reselect.",
        named=("CaType", '"digicert"', "DNSPod", "WoTrus DV"),
        refusal=material(CaType="digicert"),
    ),
    Cause(
        situation="the domain of a free order has enough of them",
        code="FailedOperation.ExceedsFreeLimit",
        sentence="The number of free certificates exceeds the maximum value.",
        named=("An account may have 1", "example.com"),
        refusal=for_a_domain_with_enough_free_certificates,
    ),
    Cause(
        situation="the order was cancelled while its key was being made",
        code="FailedOperation.InvalidCertificateStatusCode",
        sentence="The certificate status is incorrect.",
        named=("changed while the desk checked the material", "status 7", "Cancelled"),
        refusal=of_an_order_that_is_cancelled_meanwhile,
    ),
    Cause(
        situation="a parameter that the way of making the CSR needs is missing",
        code="FailedOperation.InvalidParam",
        sentence="Incorrect parameters.",
        named=("CsrKeyParameter", "GenCsrType is online"),
        refusal=material(CsrKeyParameter=None),
    ),
    Cause(
        situation="a parameter that the product needs is missing",
        code="FailedOperation.InvalidParam",
        sentence="Incorrect parameters.",
        named=("OrgIdNumber", "CFCA OV"),
        refusal=example_without("OrgIdNumber", CFCA_OV),
    ),
    Cause(
        situation="a person asks for a product that names a company",
        code="FailedOperation.InvalidParam",
        sentence="Incorrect parameters.",
        named=("CompanyType", "got 1", "WoTrus OV"),
        refusal=material(WOTRUS_OV),
    ),
    Cause(
        situation="the desk made the order by itself",
        code="FailedOperation.CertificateSubmitHostingCertError",
        sentence="Uploaded certificate managed renewal cannot submit order manually",
        named=("The desk made",),
        refusal=for_a_successor_that_the_desk_made,
    ),
    Cause(
        situation="a value is not one of those that the parameter has",
        code="FailedOperation.InvalidParam",
        sentence="Incorrect parameters.",
        named=("SignAlgo", '"MD5"', "SHA256 or SHA384 or SHA512"),
        refusal=material(SignAlgo="MD5"),
    ),
    Cause(
        situation="no policy of the user allows it in the order's project",
        code="FailedOperation.NoProjectPermission",
        sentence="You do not have the permission to operate on this project.",
        named=("No policy allows ssl:CertificateInfoSubmit in project 0.",),
        refusal=by_a_user_of_another_project,
    ),
    Cause(
        situation="the identity verification was withdrawn after the purchase",
        code="FailedOperation.NoRealNameAuth",
        sentence="You have not completed the identity verification.",
        refusal=of_an_account_that_is_not_verified,
    ),
    Cause(
        situation="no key of that kind is made",
        code="InvalidParameter.RenewAlgorithmInvalid",
        sentence="The algorithm is invalid.",
        named=("CsrKeyParameter", '"1024"', "RSA takes 2048 or 4096, ECC takes prime256v1"),
        refusal=material(CsrEncryptAlgo="RSA", CsrKeyParameter="1024"),
    ),
    Cause(
        situation="the database cannot be written",
        code="InternalError",
        sentence="An internal error has occurred. Retry your request, but if the problem "
        "persists, tell the operator of this desk its RequestId.",
        refusal=with_the_database_locked,
    ),
)
"""Every declared error, and InternalError, which each action may answer."""


def test_the_causes_are_those_of_the_declared_errors() -> None:
    """No error is declared without a cause shown here, and none is shown that is not declared."""
    action = actions().find("CertificateInfoSubmit")
    assert action is not None
    declared = {error.code for error in action.errors}
    assert {cause.code for cause in CAUSES} == declared | {"InternalError"}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.situation)
def test_a_submission_is_refused_with_its_sentence_and_changes_nothing(
    cause: Cause, scene: Scene
) -> None:
    """Code, recorded sentence, a detail that names what is wrong, and an unchanged order."""
    refusal = cause.refusal(scene)
    assert refusal.code == cause.code
    assert refusal.message.startswith(cause.sentence)
    detail = refusal.message.removeprefix(cause.sentence)
    assert [word for word in cause.named if word not in detail] == []
    assert bool(detail) == bool(cause.named)
    assert refusal.after == refusal.before


def test_a_foreign_order_answers_exactly_like_an_unknown_one(scene: Scene) -> None:
    """The bodies differ in nothing but the RequestId."""
    foreign = scene.desk.client().buy()
    bodies = []
    for order in (foreign, "nowhere1"):
        answer = Call(
            endpoint=scene.desk.endpoint,
            keys=scene.keys,
            action="CertificateInfoSubmit",
            body=encode(scene.example(ONLINE_WITH_IDS, order)),
        ).send()
        bodies.append(answer.body.replace(answer.response["RequestId"].encode(), b"its own"))
    assert bodies[0] == bodies[1]


def test_a_root_has_to_be_one_that_the_product_has(scene: Scene) -> None:
    """On a product that has a choice, the choice is named."""
    client = scene.client
    order = client.buy(DNSPOD_OV)
    parameters = scene.example(ONLINE_WITH_IDS, order) | {"CaType": "sectiga"}
    refusal = refusal_of(client, order, lambda: client.call("CertificateInfoSubmit", **parameters))
    assert refusal.code == "FailedOperation.CertificateOrderSubmitRootCAInvalid"
    assert 'CaType: must be sectigo or digicert; got "sectiga".' in refusal.message
    assert refusal.after == refusal.before


def test_a_refused_submission_leaves_an_earlier_one_in_force(scene: Scene) -> None:
    """What was accepted before is still shown, whole."""
    client = scene.client
    order = client.buy()
    client.submit(order, ContactEmail="first@example.com")
    refusal = refusal_of(
        client, order, lambda: client.submit(order, ContactEmail="second", KeyPass="é")
    )
    assert refusal.code == "FailedOperation.InvalidParam"
    assert "ContactEmail" in refusal.message
    assert "KeyPass" in refusal.message
    assert "é" not in refusal.message
    assert refusal.after == refusal.before
    assert refusal.after["SubmittedData"]["ContactEmail"] == "first@example.com"
