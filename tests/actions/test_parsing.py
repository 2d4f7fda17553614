"""Letters and uploads are looked into by processes of their own, which cannot hold the desk up."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.values.keys import KeyKind, private_key_pem
from tests import chains
from tests.actions.conftest import STOCK
from tests.children import gone, parsers_of
from tests.hostile_files import in_base64, pdf_of_strings, rsa_pem
from tests.papers import PDF
from tests.running import Client, Keys, RunningDesk, running

SETTINGS = f"""{STOCK}
[parsing]
processes = 1
seconds = 1
[http]
threads = 1
"""
WITH_LETTER = 9
KEY = chains.key_of(KeyKind.P_256)
UPLOAD = {
    "CertificatePublicKey": chains.pem(chains.leaf(KEY, "a.example")),
    "CertificatePrivateKey": private_key_pem(KEY).decode(),
}
UNREADABLE = "FailedOperation.CertificateParseError"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with one thread for requests, whose one parser has a second."""
    with running(tmp_path_factory.mktemp("parsing") / "desk", settings=SETTINGS) as desk:
        yield desk


def outcome(client: Client, action: str, **parameters: object) -> str | None:
    """Give the code of a refusal, or None where there is none."""
    try:
        client.call(action, **parameters)
    except TencentCloudSDKException as refused:
        return str(refused.get_code())
    return None


def parser_of(desk: RunningDesk, client: Client) -> int:
    """Have the process that parses be started by an upload; give it."""
    assert client.call("UploadCertificate", **UPLOAD)["CertificateId"]
    (pid,) = parsers_of(desk.pid)
    return pid


def awaits_letter(desk: RunningDesk, keys: Keys) -> str:
    """Take an order to where it waits for its letter."""
    client = desk.client(keys)
    company = desk.company(keys)
    manager = desk.manager(keys, company, status="ok")
    order = client.buy(WITH_LETTER)
    client.submit(
        order, CompanyType=2, ContactEmail=None, CompanyId=str(company), ManagerId=str(manager)
    )
    client.call("CertificateOrderSubmit", CertId=order)
    return order


def test_a_letter_that_takes_too_long_is_refused_and_the_desk_goes_on(desk: RunningDesk) -> None:
    """1.4 MB of empty strings would hold the interpreter for seconds."""
    keys = desk.account()
    client, order = desk.client(keys), awaits_letter(desk, keys)
    hostile = in_base64(pdf_of_strings())
    with pytest.raises(TencentCloudSDKException) as refused:
        client.call("UploadConfirmLetter", CertificateId=order, ConfirmLetter=hostile)
    assert refused.value.get_code() == "FailedOperation.InvalidConfirmLetterFormat"
    assert "ConfirmLetter: takes too long to read." in refused.value.get_message()
    assert client.detail(order)["Status"] == 8
    good = in_base64(PDF)
    assert client.call("UploadConfirmLetter", CertificateId=order, ConfirmLetter=good)["IsSuccess"]


def test_who_waits_for_a_parser_holds_no_thread(desk: RunningDesk) -> None:
    """The desk's one thread answers others meanwhile, and the same account too."""
    client, other = desk.client(), desk.client()
    parser = parser_of(desk, client)
    os.kill(parser, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as aside:
        upload = aside.submit(client.call, "UploadCertificate", **UPLOAD)
        for _ in range(3):
            assert other.call("DescribeCertificates")["TotalCount"] == 0
            assert client.call("DescribeCertificates")["TotalCount"] == 1
        assert not upload.done()
        os.kill(parser, signal.SIGCONT)
        assert upload.result()["CertificateId"]


def killed(desk: RunningDesk, client: Client) -> str | None:
    """Upload, and kill the process meanwhile; give the refusal, or None where it came too early."""
    parser = parser_of(desk, client)
    os.kill(parser, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as aside:
        upload = aside.submit(outcome, client, "UploadCertificate", **UPLOAD)
        time.sleep(0.2)
        os.kill(parser, signal.SIGKILL)
        return upload.result()


def test_a_parser_that_is_killed_is_a_refusal_of_what_it_was_given(desk: RunningDesk) -> None:
    """And the next upload has a new process."""
    client = desk.client()
    assert UNREADABLE in (killed(desk, client) for _ in range(20))
    assert parser_of(desk, client)
    assert "Traceback" not in desk.log


def test_a_key_is_refused_by_its_size_before_its_arithmetic_is_checked(desk: RunningDesk) -> None:
    """The check of a prime of 11,213 bits, which fit into 3,000 bytes, takes most of a minute."""
    parameters = UPLOAD | {"CertificatePrivateKey": rsa_pem(2**11213 - 1, 3)}
    with pytest.raises(TencentCloudSDKException) as refused:
        desk.client().call("UploadCertificate", **parameters)
    assert "may have at most 4096 bits, not 11215" in refused.value.get_message()


def test_no_parser_outlives_the_desk(desk: RunningDesk) -> None:
    """Whether it ends in good order or is killed."""
    client = desk.client()
    parser = parser_of(desk, client)
    desk.stop()
    assert gone(parser)
    desk.start()
    parser = parser_of(desk, desk.client())
    desk.kill()
    assert gone(parser)
