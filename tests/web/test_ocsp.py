"""The OCSP responder on the wire: what it answers, and what bodies do to it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from cryptography import x509
from cryptography.x509 import ocsp

from tests.footprint import resident_kib
from tests.issuers.taking_back import request_of, several
from tests.running import RunningDesk, running
from tests.web.raw import Wire

KIB = 1024
SECONDS = 30
SETTINGS = "keys.stock = { rsa_2048 = 0, rsa_4096 = 0, p_256 = 0 }\n"
UNKNOWN, UNREADABLE = ocsp.OCSPCertStatus.UNKNOWN, ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk whose authorities are made."""
    with running(tmp_path_factory.mktemp("ocsp") / "data", settings=SETTINGS) as desk:
        desk.certdesk("ca", "show", "--json")
        yield desk


@pytest.fixture(scope="module")
def issuer(desk: RunningDesk) -> x509.Certificate:
    """An issuing authority."""
    pem = requests.get(f"{desk.url}/pki/ecc-issuing.pem", timeout=SECONDS).content
    return x509.load_pem_x509_certificate(pem)


def post(desk: RunningDesk, body: bytes) -> requests.Response:
    """Send a request in a body."""
    headers = {"Content-Type": "application/ocsp-request"}
    return requests.post(f"{desk.url}/pki/ocsp", body, headers=headers, timeout=SECONDS)


def get(desk: RunningDesk, path: str) -> requests.Response:
    """Send a request in a path."""
    return requests.get(f"{desk.url}/pki/ocsp/{path}", timeout=SECONDS)


def test_post_and_get_are_answered_alike(desk: RunningDesk, issuer: x509.Certificate) -> None:
    """Of the protocol's type, and without the answer being kept where it is unknown."""
    request = request_of(7, issuer)
    path = quote(base64.b64encode(request).decode(), safe="")

    for answer in (post(desk, request), get(desk, path)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            200,
            "application/ocsp-response",
        )
        assert answer.headers["Cache-Control"] == "no-store"
        told = ocsp.load_der_ocsp_response(answer.content)
        assert (told.serial_number, told.certificate_status) == (7, UNKNOWN)


def test_a_path_may_have_its_slashes_as_they_are(
    desk: RunningDesk, issuer: x509.Certificate
) -> None:
    """Many clients do not encode them, two in a row neither."""
    encoded = (
        base64.b64encode(request_of(serial, issuer, b"\xff" * 32)).decode()
        for serial in range(1, 2000)
    )
    path = next(text for text in encoded if "//" in text and "+" in text)

    told = ocsp.load_der_ocsp_response(get(desk, path).content)
    assert told.certificate_status is UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"0" * 100,
        b"\x30\x80" * 2000,
        b"\x30\x84\xff\xff\xff\xff",
        b"{}",
        b"<request/>",
        bytes(range(256)) * 8,
        b"\x30\x82\x0f\xfc" * 1023,
    ],
    ids=lambda body: f"{len(body)} bytes from {body[:4].hex()}",
)
def test_a_body_that_is_no_request_gets_the_protocols_refusal(
    desk: RunningDesk, body: bytes
) -> None:
    """In a body and in a path."""
    path = quote(base64.b64encode(body).decode(), safe="") or "x"
    answers = [post(desk, body), get(desk, path)]

    for answer in answers:
        if answer.status_code == 414:
            assert len(path) > 4 * KIB
            continue
        assert answer.headers["Cache-Control"] == "no-store"
        assert ocsp.load_der_ocsp_response(answer.content).response_status is UNREADABLE


@pytest.mark.parametrize("path", ["!", "%00", "a", "====", "AA==AA", "%F0%9F%98%80", "A" * 4000])
def test_a_path_that_is_no_base64_is_refused_alike(desk: RunningDesk, path: str) -> None:
    """Nothing is guessed."""
    answer = get(desk, path)

    assert ocsp.load_der_ocsp_response(answer.content).response_status is UNREADABLE


def test_a_request_for_several_certificates_gets_an_answer_for_each(
    desk: RunningDesk, issuer: x509.Certificate
) -> None:
    """In their order, one that is asked for twice as well, as many as a request holds."""
    asked = [7, 8, 7, *range(100, 156)]
    request = several(*(request_of(serial, issuer) for serial in asked))
    assert len(request) > 3 * KIB

    told = ocsp.load_der_ocsp_response(post(desk, request).content)
    assert [(one.serial_number, one.certificate_status) for one in told.responses] == [
        (serial, UNKNOWN) for serial in asked
    ]


def test_large_bodies_are_refused_before_they_are_read(desk: RunningDesk) -> None:
    """By their announced length, and in chunks when they have grown too long."""
    assert post(desk, b"0" * (4 * KIB + 1)).status_code == 413
    chunked = requests.post(f"{desk.url}/pki/ocsp", iter([b"0" * KIB] * 64), timeout=SECONDS)
    assert chunked.status_code == 413
    with Wire(desk.endpoint) as wire:
        wire.send(
            b"POST /pki/ocsp HTTP/1.1\r\nHost: desk.example\r\nContent-Length: 999999999\r\n\r\n"
        )
        assert wire.answer().status == 413
    assert get(desk, "A" * (8 * KIB)).status_code == 414


def test_thousands_of_requests_leave_nothing_behind(
    desk: RunningDesk, issuer: x509.Certificate
) -> None:
    """The desk is as large after them as before."""
    with requests.Session() as session:

        def ask(times: int) -> None:
            for serial in range(times):
                body = request_of(serial + 1, issuer, serial.to_bytes(16, "big"))
                session.post(f"{desk.url}/pki/ocsp", body, timeout=SECONDS)

        ask(300)
        before = resident_kib(desk.pid)
        ask(2000)
    assert resident_kib(desk.pid) - before < 20 * KIB


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(desk: RunningDesk, method: str) -> None:
    """And a GET without a request is no page."""
    url = f"{desk.url}/pki/ocsp"
    assert requests.request(method, url, timeout=SECONDS).status_code == 405
    assert requests.get(url, timeout=SECONDS).status_code in {404, 405}


def test_an_answer_is_signed_for_whoever_asks(desk: RunningDesk, issuer: x509.Certificate) -> None:
    """By a responder that the authority has certified, with the nonce that was sent."""
    told = ocsp.load_der_ocsp_response(post(desk, request_of(7, issuer, b"n" * 20)).content)
    (responder,) = told.certificates

    responder.verify_directly_issued_by(issuer)
    nonce = told.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert nonce == b"n" * 20
