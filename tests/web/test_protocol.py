"""The desk on the wire: HTTP that is slow, large, broken or hostile, byte by byte.

Source: RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.footprint import open_files, resident_kib
from tests.programs import run
from tests.running import Keys, RunningDesk, running
from tests.web.raw import Answer, Wire, call, chunked, head, request

KIB = 1024
HOST = b"Host: desk.example\r\n"
GET = b"GET /readyz HTTP/1.1\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST
NEXT = b"GET /readyz HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"

# Time-outs of a second, so that a test need not wait long for one; and no keys made ahead.
SETTINGS = """
http = { head_seconds = 1, body_seconds = 1, hosts = ["desk.example"] }
keys.stock = { rsa_2048 = 0, rsa_4096 = 0, p_256 = 0 }
"""
AFTER_A_TIME_OUT = 1.5

BROKEN = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "an empty length": POST + b"Content-Length: \r\n\r\n{}",
    "a length beyond any number": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    "length, then chunks": POST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKS,
    "chunks, then length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"
    + CHUNKS,
    "an unknown coding": POST + b"Transfer-Encoding: gzip\r\n\r\n" + CHUNKS,
    "a coding under the chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "a coding over the chunks": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKS,
    "chunks twice": POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + CHUNKS,
    "a coding of no name": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKS,
    "a vertical tab before the value": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS,
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + CHUNKS,
    "no host": b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "two hosts": POST + HOST + b"Content-Length: 0\r\n\r\n",
    "a bare CR in a value": POST + b"X-A: a\rb\r\n\r\n",
    "bare LFs": b"POST / HTTP/1.1\nHost: desk.example\nContent-Length: 0\n\n",
    "a folded header": POST + b"X-A: a\r\n b\r\n\r\n",
    "NUL in a value": POST + b"X-A: a\0b\r\n\r\n",
    "NUL in a name": POST + b"X-\0A: a\r\n\r\n",
    "a control character in a value": POST + b"X-A: a\x01b\r\n\r\n",
    "a blank in a name": POST + b"X A: a\r\n\r\n",
    "a header without a name": POST + b": a\r\n\r\n",
    "a header without a colon": POST + b"XA\r\n\r\n",
    "a chunk size of letters": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a negative chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "a chunk size with 0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": POST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"f" * 17
    + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n",
    "chunks between bare LFs": POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "no method of HTTP": b"MAKE / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in small letters": b"post / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a control character in the target": b"GET /\x01 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT desk.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "chunks that are none behind an offer": POST
    + b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "two lengths behind an offer": POST
    + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "an absolute target without a host": b"GET http://desk.example/healthz HTTP/1.0\r\n\r\n",
    "TLS on the plain port": bytes.fromhex("16030102000100 01fc0303") + b"\0" * 200,
    "a blank before the method": b" " + POST + b"\r\n",
    "a blank before the first header": b"GET / HTTP/1.1\r\n Host: desk.example\r\n\r\n",
    "HTTP/2 in a request line": b"POST / HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/0.9 in a request line": b"POST / HTTP/0.9\r\n" + HOST + b"\r\n",
    "an absolute target of another host": b"POST http://other.example/ HTTP/1.1\r\n"
    + HOST
    + b"\r\n",
    "an absolute target of another port": b"POST http://desk.example:81/ HTTP/1.1\r\n"
    + HOST
    + b"\r\n",
    "an absolute target with a user": b"POST http://a@desk.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "an absolute target of another scheme": b"POST ftp://desk.example/ HTTP/1.1\r\n"
    + HOST
    + b"\r\n",
    "an absolute target without a path": b"POST http://desk.example HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target with a fragment": b"POST /#a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a chunk extension over 1 KiB": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2;"
    + b"a" * 1025
    + b"\r\n{}\r\n0\r\n\r\n",
    "chunk extensions over 64 KiB in all": POST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + (b"1;" + b"a" * 1000 + b"\r\n \r\n") * 70
    + b"0\r\n\r\n",
    "an extension on the last chunk over 1 KiB": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0;"
    + b"a" * 1025
    + b"\r\n\r\n",
    "a blank behind a chunk size": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
    "a chunk without its end": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
    "a trailer without a colon": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nXA\r\n\r\n",
    **{
        f"{name} twice": POST + f"{name}: a\r\n".encode() * 2 + b"\r\n"
        for name in (
            "Authorization",
            "Content-Encoding",
            "Content-Type",
            "Expect",
            "X-TC-Action",
            "X-TC-Content-SHA256",
            "X-TC-Timestamp",
            "X-TC-Token",
            "X-TC-TraceId",
            "X-TC-Version",
            "X-Anything",
        )
    },
    "Authorization twice in other letters": POST + b"Authorization: a\r\nAUTHORIZATION: a\r\n\r\n",
}
"""Requests that two readers could understand differently, or that are none."""

TOO_LARGE = {
    "a request line over 32 KiB": (414, b"GET /?" + b"a" * (32 * KIB) + b" HTTP/1.1\r\n"),
    "a request line without an end": (414, b"GET /" + b"a" * (70 * KIB)),
    "a header over 8 KiB": (431, GET + HOST + b"X-A: " + b"a" * (8 * KIB) + b"\r\n\r\n"),
    "a header without an end": (431, GET + HOST + b"X-A: " + b"a" * (70 * KIB)),
    "a header name without an end": (431, GET + HOST + b"a" * (70 * KIB)),
    "101 headers": (431, GET + HOST + b"X-A: a\r\n" * 100 + b"\r\n"),
    "headers over 32 KiB in all": (
        431,
        GET + HOST + (b"X-A: " + b"a" * 7000 + b"\r\n") * 5 + b"\r\n",
    ),
}

STRICT_JSON = {
    "half an object": b'{"CertId": "a"',
    "two objects": b"{}{}",
    "an array": b"[]",
    "a number": b"1",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"CertId": "a"}'.encode("utf-16-le"),
    "bytes that are no UTF-8": b'{"CertId": "\xff"}',
    "a comma too many": b'{"CertId": "a",}',
    "a comment": b'{"CertId": "a" /* mine */}',
    "single quotes": b"{'CertId': 'a'}",
    "one name twice": b'{"CertId": "a", "CertId": "b"}',
    "one name twice, written differently": b'{"CertId": "a", "Cert\\u0049d": "b"}',
    "NaN": b'{"CertId": NaN}',
    "Infinity": b'{"CertId": -Infinity}',
    "a fraction beyond any": b'{"CertId": 1e999}',
    "a number of 400 digits": b'{"CompanyType": 1' + b"0" * 400 + b"}",
    "a number of 100,000 digits": b'{"CompanyType": 1' + b"0" * 100_000 + b"}",
    "NUL in a text": b'{"CertId": "a\\u0000"}',
    "NUL in a name": b'{"Cert\\u0000Id": "a"}',
    "half a surrogate pair": b'{"CertId": "\\ud800"}',
    "a raw control character": b'{"CertId": "a\nb"}',
    "33 levels": b'{"DnsNames": ' + b"[" * 32 + b"]" * 32 + b"}",
    "100,000 levels": b'{"DnsNames": ' + b"[" * 100_000,
    "100,000 levels of objects": b'{"a":' * 40_000,
    "20,000 values": b'{"DnsNames": [' + b"1," * 19_999 + b"1]}",
}
"""Bodies that are not the JSON they should be."""

BEGIN, END = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"
PEM_BOMBS = {
    "beginnings without end": "-----BEGIN " * 20_000,
    "2,000 empty blocks": f"{BEGIN}\n{END}\n" * 2_000,
    "one line of 200 KiB": f"{BEGIN}\n{'A' * 200 * KIB}\n{END}\n",
    "100 KiB of line ends": f"{BEGIN}{chr(10) * 100 * KIB}{END}",
    "200 KiB of dashes": "-" * 200 * KIB,
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with short time-outs."""
    with running(tmp_path_factory.mktemp("protocol") / "data", settings=SETTINGS) as desk:
        yield desk


@pytest.fixture(scope="module")
def keys(desk: RunningDesk) -> Keys:
    """An account on it."""
    return desk.account()


def send(desk: RunningDesk, data: bytes) -> Answer:
    """Send bytes on a new connection; give the first answer."""
    with Wire(desk.endpoint) as wire:
        wire.send(data)
        return wire.answer()


def drip(wire: Wire, drop: bytes) -> None:
    """Send a drop again and again until the desk has something to say to it."""
    for _ in range(50):
        if wire.hears(0.1):
            return
        wire.send(drop)
    pytest.fail("the connection is still held open")


def submit(desk: RunningDesk, keys: Keys, payload: bytes) -> Answer:
    """Send a signed CertificateInfoSubmit with this very body."""
    return call(desk.endpoint, keys, "CertificateInfoSubmit", payload)


# --- slow ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"PO",
        b"POST / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nHost: desk.exam",
        POST + b"X-A: a\r\n",
    ],
    ids=["nothing", "half a method", "a line", "half a header", "two headers"],
)
def test_a_head_that_does_not_end_is_given_up(desk: RunningDesk, begun: bytes) -> None:
    """408 and a closed connection after http.head_seconds."""
    with Wire(desk.endpoint) as wire:
        wire.send(begun)
        assert wire.answer().status == 408
        assert wire.hung_up()


def test_a_head_that_comes_drop_by_drop_is_given_up_too(desk: RunningDesk) -> None:
    """The clock runs from a request's first byte and is not set back by the next."""
    with Wire(desk.endpoint) as wire:
        wire.send(POST)
        drip(wire, b"X-A: a\r\n")
        assert wire.answer().status == 408


@pytest.mark.parametrize(
    "announced", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_a_body_that_does_not_come_is_given_up(
    desk: RunningDesk, keys: Keys, announced: bytes
) -> None:
    """408 and a closed connection after http.body_seconds."""
    with Wire(desk.endpoint) as wire:
        signed = head(desk.endpoint, keys, "DescribeCompanies", b"{}")
        wire.send(signed.removesuffix(b"\r\n") + announced + b"\r\n")
        assert wire.answer().status == 408
        assert wire.hung_up()


def test_a_body_that_comes_drop_by_drop_is_given_up_too(desk: RunningDesk, keys: Keys) -> None:
    """The clock of a body is not set back by its bytes."""
    with Wire(desk.endpoint) as wire:
        wire.send(head(desk.endpoint, keys, "DescribeCompanies", b"{}", "Content-Length: 100"))
        for _ in range(20):
            wire.send(b" ")
            time.sleep(0.1)
        assert wire.answer().status == 408
        assert wire.hung_up()


def test_the_rest_of_a_refused_body_does_not_hold_the_line_open(desk: RunningDesk) -> None:
    """A request that is answered before its body is there gets a moment to send it, no longer."""
    with Wire(desk.endpoint) as wire:
        wire.send(POST + b"Content-Length: 1000000\r\n\r\n")
        assert wire.answer().code == "MissingParameter"
        drip(wire, b" ")
        assert wire.hung_up()


def test_blank_lines_do_not_hold_the_line_open(desk: RunningDesk) -> None:
    """What belongs to no request does not count as one."""
    with Wire(desk.endpoint) as wire:
        wire.send(NEXT)
        assert wire.answer().status == 200
        drip(wire, b"\r\n")
        assert wire.answer().status == 408


@pytest.mark.parametrize(
    "first",
    [
        NEXT,
        POST + b"Content-Length: 2\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    ],
    ids=["no body", "a body", "chunks"],
)
def test_a_line_that_rests_between_requests_stays_open(desk: RunningDesk, first: bytes) -> None:
    """Keep-alive outlasts the time that a head may take."""
    with Wire(desk.endpoint) as wire:
        wire.send(first)
        wire.answer()
        time.sleep(AFTER_A_TIME_OUT)
        wire.send(NEXT)
        assert wire.answer().body[:3] == b"ok\n"


def test_a_body_that_comes_after_its_refusal_leaves_the_line_open(desk: RunningDesk) -> None:
    """The rest of a refused request is taken, and the next one answered as if nothing was."""
    with Wire(desk.endpoint) as wire:
        wire.send(POST + b"Content-Length: 4\r\n\r\n")
        assert wire.answer().code == "MissingParameter"
        wire.send(b"{  ")
        wire.send(b"}")
        time.sleep(AFTER_A_TIME_OUT)
        wire.send(NEXT)
        assert wire.answer().body[:3] == b"ok\n"


def test_three_hundred_stalled_connections_keep_nobody_from_being_answered(
    desk: RunningDesk, keys: Keys
) -> None:
    """Stalled heads, stalled bodies and clients that never read leave the desk at work."""
    stalled_body = head(desk.endpoint, keys, "DescribeCompanies", b"{}", "Content-Length: 9")
    with contextlib.ExitStack() as held:
        for number, begun in enumerate((POST, stalled_body, NEXT) * 100):
            source = f"127.0.1.{number // 60}"
            held.enter_context(Wire(desk.endpoint, source)).send(begun)
        assert send(desk, NEXT).body[:3] == b"ok\n"
        assert call(desk.endpoint, keys, "DescribeCompanies", b"{}").code == ""


# --- large --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", TOO_LARGE)
def test_a_head_larger_than_any_request_needs_is_refused(desk: RunningDesk, case: str) -> None:
    """414 or 431 and a closed connection beyond its caps."""
    status, data = TOO_LARGE[case]
    with Wire(desk.endpoint) as wire:
        wire.send(data)
        assert wire.answer().status == status
        assert wire.hung_up()


@pytest.mark.parametrize(
    "data",
    [
        GET + HOST + b"X-A: " + b"a" * (8 * KIB - 3) + b"\r\n\r\n",
        GET + HOST + b"".join(b"X-%d: a\r\n" % number for number in range(99)) + b"\r\n",
        GET + HOST + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 7900) for n in range(4)) + b"\r\n",
    ],
    ids=["a header of 8 KiB", "100 headers", "headers of 31 KiB"],
)
def test_a_head_as_large_as_it_may_be_is_read(desk: RunningDesk, data: bytes) -> None:
    """The caps themselves are allowed."""
    assert send(desk, data).body[:3] == b"ok\n"


def test_a_request_line_of_32_kib_reaches_the_api(desk: RunningDesk) -> None:
    """The API's GET form needs as much; the answer is the API's own."""
    query = b"/?A=" + b"a" * (32 * KIB - 4)
    answer = send(desk, b"GET " + query + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (answer.status, answer.code) == (200, "MissingParameter")


def test_a_body_announced_too_large_is_refused_unread(desk: RunningDesk, keys: Keys) -> None:
    """RequestSizeLimitExceeded with HTTP 200, before a byte of it was sent."""
    with Wire(desk.endpoint) as wire:
        length = f"Content-Length: {256 * KIB + 1}"
        wire.send(head(desk.endpoint, keys, "CertificateInfoSubmit", b"", length))
        answer = wire.answer()
    assert (answer.status, answer.code) == (200, "RequestSizeLimitExceeded")


def test_a_body_whose_chunks_grow_too_large_is_refused(desk: RunningDesk, keys: Keys) -> None:
    """The cap holds where no length was announced."""
    with Wire(desk.endpoint) as wire:
        coding = "Transfer-Encoding: chunked"
        wire.send(head(desk.endpoint, keys, "CertificateInfoSubmit", b"", coding))
        for chunk in chunked(*[b" " * 16 * KIB] * 17):
            wire.send(chunk)
        answer = wire.answer()
    assert (answer.status, answer.code) == (200, "RequestSizeLimitExceeded")


def test_a_client_may_send_its_whole_large_body_and_then_read_the_refusal(
    desk: RunningDesk, keys: Keys
) -> None:
    """Official clients send 10 MiB before they read; the answer must not be lost on the way."""
    answer = call(desk.endpoint, keys, "CertificateInfoSubmit", b" " * (10 * KIB * KIB))
    assert answer.code == "RequestSizeLimitExceeded"


def test_a_body_of_many_small_chunks_is_read(desk: RunningDesk, keys: Keys) -> None:
    """As a client sends that writes its JSON bit by bit."""
    payload = b"{" + b" " * 100_000 + b"}"
    pieces = [payload[at : at + 10] for at in range(0, len(payload), 10)]
    line = head(desk.endpoint, keys, "DescribeCompanies", payload, "Transfer-Encoding: chunked")
    answer = send(desk, line + b"".join(chunked(*pieces)) + b"0\r\n\r\n")
    assert answer.response["TotalCount"] == 0


def test_a_body_as_large_as_it_may_be_is_read(desk: RunningDesk, keys: Keys) -> None:
    """256 KiB of JSON are read whole, announced or in chunks."""
    payload = b"{" + b" " * (256 * KIB - 2) + b"}"
    assert call(desk.endpoint, keys, "DescribeCompanies", payload).code == ""
    with Wire(desk.endpoint) as wire:
        coding = "Transfer-Encoding: chunked"
        wire.send(head(desk.endpoint, keys, "DescribeCompanies", payload, coding))
        for chunk in chunked(payload[:1], payload[1:9], payload[9:]):
            wire.send(chunk)
        wire.send(b"0\r\n\r\n")
        assert wire.answer().code == ""


def test_bytes_without_end_are_cut_off(desk: RunningDesk) -> None:
    """A refused request cannot go on sending for ever, not even as chunk extensions."""
    with Wire(desk.endpoint) as wire:
        wire.send(POST + b"Transfer-Encoding: chunked\r\n\r\n2;")
        assert wire.answer().code == "MissingParameter"
        for _ in range(40):
            wire.send(b"a" * KIB * KIB)
        assert wire.hung_up()


# --- broken -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BROKEN)
def test_broken_http_gets_one_refusal_and_a_closed_line(desk: RunningDesk, case: str) -> None:
    """4xx, nothing of what follows is read as a request, and the connection ends."""
    with Wire(desk.endpoint) as wire:
        wire.send(BROKEN[case] + NEXT)
        assert wire.answer().status == 400
        assert wire.hung_up()


def test_a_list_may_come_in_several_lines(desk: RunningDesk) -> None:
    """Headers that are lists are as good in two lines as in one (RFC 9110, 5.3)."""
    lists = b"Accept: a/b\r\n" * 2 + b"Connection: keep-alive\r\n" * 2 + b"Via: 1.1 a\r\n" * 2
    lists += b"Tracestate: a=1\r\n" * 2 + b"Baggage: a=1\r\n" * 2 + b"Prefer: wait=1\r\n" * 2
    lists += b"".join(b"X-Forwarded-%s: a\r\n" % each for each in (b"Proto", b"Host", b"Port")) * 2
    assert send(desk, GET + HOST + lists + b"\r\n").body[:3] == b"ok\n"


@pytest.mark.parametrize("host", [b"desk.example", b"DESK.example", b"desk.example:80"])
def test_an_absolute_target_of_this_host_is_read(desk: RunningDesk, host: bytes) -> None:
    """As a server has to (RFC 9112, 3.2.2)."""
    answer = send(desk, b"POST http://" + host + b"/ HTTP/1.1\r\n" + HOST + b"\r\n")
    assert answer.code == "MissingParameter"


def test_a_header_behind_the_body_changes_nothing(desk: RunningDesk, keys: Keys) -> None:
    """A trailer does not become a header: another action there is not looked at."""
    payload = b"{}"
    with Wire(desk.endpoint) as wire:
        coding = "Transfer-Encoding: chunked"
        wire.send(
            head(desk.endpoint, keys, "DescribeCompanies", payload, coding)
            + b"".join(chunked(payload))
            + b"0\r\nX-TC-Action: CreateCertificate\r\nHost: other.example\r\n\r\n"
        )
        assert wire.answer().response["TotalCount"] == 0


def test_an_offer_to_change_the_protocol_is_passed_over(desk: RunningDesk) -> None:
    """Whoever offers HTTP/2 or WebSocket is answered in HTTP/1.1 (RFC 9110, 7.8)."""
    for offer in (b"Upgrade: h2c\r\n", b"Upgrade: websocket\r\n"):
        with Wire(desk.endpoint) as wire:
            wire.send(GET + HOST + b"Connection: Upgrade\r\n" + offer + b"\r\n" + NEXT)
            answer = wire.answer()
            assert (answer.body[:3], answer.headers["connection"]) == (b"ok\n", "close")
            assert wire.hung_up()


OFFER = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)
"""As Java's client has it in the first request to each server."""


@pytest.mark.parametrize("size", [3, 100 * KIB])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunks"])
def test_a_body_behind_an_offer_is_read(
    desk: RunningDesk, keys: Keys, size: int, *, is_chunked: bool
) -> None:
    """However it is framed and however it arrives; a header behind it changes nothing."""
    payload = b"{}" + b" " * size
    framed, framing = payload, f"Content-Length: {len(payload)}"
    if is_chunked:
        framed = b"".join(chunked(payload)) + b"0\r\nX-TC-Action: CreateCertificate\r\n\r\n"
        framing = "Transfer-Encoding: chunked"
    begin = head(desk.endpoint, keys, "DescribeCompanies", payload, framing, *OFFER)
    with Wire(desk.endpoint) as wire:
        whole = begin + framed + NEXT
        for at in range(0, len(whole), 7000):
            wire.send(whole[at : at + 7000])
        answer = wire.answer()
        assert (answer.response["TotalCount"], answer.headers["connection"]) == (0, "close")
        assert wire.hung_up()


def test_an_offer_with_a_body_of_nothing_is_answered(desk: RunningDesk) -> None:
    """Its length is there, and 0."""
    offered = "".join(f"{line}\r\n" for line in OFFER).encode()
    with Wire(desk.endpoint) as wire:
        wire.send(POST + offered + b"Content-Length: 0\r\n\r\n")
        assert wire.answer().code == "MissingParameter"


@pytest.mark.needs("curl")
def test_curl_that_offers_http_2_is_answered(desk: RunningDesk, tmp_path: Path) -> None:
    """With a body in one piece, and in chunks."""
    (tmp_path / "body").write_bytes(b"{}" + b" " * 2000)
    for more in ([], ["--header", "Transfer-Encoding: chunked"]):
        words = ["--http2", "--silent", "--show-error", "--max-time", "60"]
        body = ["--header", "Content-Type: application/json", "--data-binary"]
        asked = run("curl", *words, *more, *body, f"@{tmp_path / 'body'}", desk.url)
        assert json.loads(asked)["Response"]["Error"]["Code"] == "MissingParameter"


# --- in order -----------------------------------------------------------------------------------


def test_requests_sent_ahead_are_answered_in_order(desk: RunningDesk, keys: Keys) -> None:
    """Pipelining (RFC 9112, 9.3.2)."""
    with Wire(desk.endpoint) as wire:
        describe = request(desk.endpoint, keys, "DescribeCompanies", b"{}")
        wire.send(describe + NEXT + describe + POST + b"Content-Length: 2\r\n\r\n{}" + NEXT)
        assert wire.answer().response["TotalCount"] == 0
        assert wire.answer().body[:3] == b"ok\n"
        assert wire.answer().response["TotalCount"] == 0
        assert wire.answer().code == "MissingParameter"
        assert wire.answer().body[:3] == b"ok\n"


def test_the_end_of_a_large_body_is_no_part_of_the_next_head(desk: RunningDesk) -> None:
    """A request sent ahead behind more bytes than a head may have is answered, and not with 431."""
    first = POST + b"Content-Length: %d\r\n\r\n" % (100 * KIB) + b" " * (100 * KIB)
    with Wire(desk.endpoint) as wire:
        wire.send(first + NEXT[:20])
        assert wire.answer().code == "MissingParameter"
        wire.send(NEXT[20:])
        assert wire.answer().body[:3] == b"ok\n"


def test_a_refusal_waits_for_the_answer_before_it(desk: RunningDesk, keys: Keys) -> None:
    """What is broken behind a good request is refused after that one is answered."""
    with Wire(desk.endpoint) as wire:
        wire.send(request(desk.endpoint, keys, "DescribeCompanies", b"{}") + BROKEN["two hosts"])
        assert wire.answer().response["TotalCount"] == 0
        assert wire.answer().status == 400
        assert wire.hung_up()


def test_one_connection_serves_many_requests(desk: RunningDesk, keys: Keys) -> None:
    """Keep-alive, with a refused request in between."""
    with Wire(desk.endpoint) as wire:
        for payload, code in [(b"{}", ""), (b"[]", "InvalidParameter"), (b"{}", "")] * 5:
            wire.send(request(desk.endpoint, keys, "DescribeCompanies", payload))
            assert wire.answer().code == code


def test_http_1_0_is_answered_and_closed(desk: RunningDesk, keys: Keys) -> None:
    """An old client gets its answer, and the end of the connection as the end of it."""
    with Wire(desk.endpoint) as wire:
        signed = request(desk.endpoint, keys, "DescribeCompanies", b"{}")
        wire.send(signed.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert wire.answer().response["TotalCount"] == 0
        assert wire.hung_up()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_balancer_that_names_no_host_is_told(desk: RunningDesk, path: str) -> None:
    """HTTP/1.0 has no Host, as HAProxy's check."""
    with Wire(desk.endpoint) as wire:
        wire.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert wire.answer().status == 200
        assert wire.hung_up()


def test_a_request_without_a_host_is_for_nobody(desk: RunningDesk, keys: Keys) -> None:
    """But for what answers to any name, it is refused as one for another place."""
    signed = request(desk.endpoint, keys, "DescribeCompanies", b"{}").replace(b"1.1", b"1.0", 1)
    named = f"Host: {desk.endpoint}\r\n".encode()
    assert named in signed
    answer = send(desk, signed.replace(named, b"", 1))
    assert answer.code == "NoSuchProduct"
    assert "does not answer to a request without a Host" in answer.response["Error"]["Message"]
    assert send(desk, b"GET /download/x HTTP/1.0\r\n\r\n").status == 421
    assert send(desk, b"GET /pki/none.crl HTTP/1.0\r\n\r\n").status == 404


def test_a_client_that_waits_for_leave_to_send_gets_it(desk: RunningDesk, keys: Keys) -> None:
    """Expect: 100-continue, as curl sends it with a larger body."""
    payload = b'{"Limit": 3}'
    with Wire(desk.endpoint) as wire:
        expect = ("Expect: 100-continue", f"Content-Length: {len(payload)}")
        wire.send(head(desk.endpoint, keys, "DescribeCompanies", payload, *expect))
        assert wire.answer().status == 100
        wire.send(payload)
        assert wire.answer().response["TotalCount"] == 0


def test_an_unknown_path_is_not_found(desk: RunningDesk, keys: Keys) -> None:
    """The API is at / alone."""
    signed = request(desk.endpoint, keys, "DescribeCompanies", b"{}")
    for path in (b"/v1", b"//", b"/%2f", b"/index.php", b"/%00", b"/..%2f"):
        assert send(desk, signed.replace(b"POST /", b"POST " + path, 1)).status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE"])
def test_another_method_is_an_unsupported_protocol(
    desk: RunningDesk, keys: Keys, method: str
) -> None:
    """The API answers for itself, with HTTP 200."""
    signed = head(
        desk.endpoint, keys, "DescribeCompanies", b"{}", "Content-Length: 2", method=method
    )
    answer = send(desk, signed + b"{}")
    assert (answer.status, answer.code) == (200, "UnsupportedProtocol")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_refused(desk: RunningDesk, keys: Keys, coding: str) -> None:
    """Nothing is ever decompressed."""
    signed = request(desk.endpoint, keys, "DescribeCompanies", b"{}", f"Content-Encoding: {coding}")
    answer = send(desk, signed)
    assert (answer.status, answer.code) == (200, "InvalidRequest")


# --- hostile bodies -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", STRICT_JSON)
def test_a_body_that_is_not_plain_json_is_an_invalid_parameter(
    desk: RunningDesk, keys: Keys, case: str
) -> None:
    """Never InternalError, and never read in one of two ways."""
    answer = submit(desk, keys, STRICT_JSON[case])
    assert (answer.status, answer.code) == (200, "InvalidParameter")


@pytest.mark.parametrize("case", PEM_BOMBS)
def test_a_csr_that_costs_time_is_refused(desk: RunningDesk, keys: Keys, case: str) -> None:
    """Large or repeated PEM is refused by name, as any CSR that will not do (fault 32)."""
    bought = call(
        desk.endpoint,
        keys,
        "CreateCertificate",
        b'{"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}',
    )
    material = {
        "CertId": bought.response["CertificateIds"][0],
        "GenCsrType": "parse",
        "CertCommonName": "example.com",
        "CompanyType": 1,
        "CompanyId": "0",
        "ContactEmail": "webmaster@example.com",
        "Csr": PEM_BOMBS[case],
    }
    answer = submit(desk, keys, json.dumps(material).encode())
    assert answer.code == "FailedOperation.InvalidParam"
    assert "Csr: " in answer.response["Error"]["Message"]


# --- afterwards ---------------------------------------------------------------------------------


def test_the_desk_is_as_it_was_after_all_of_it(tmp_path: Path) -> None:
    """A barrage leaves neither memory nor files behind."""
    with running(tmp_path / "data", settings=SETTINGS) as desk:
        keys = desk.account()
        barrage(desk, keys)
        files, kib = open_files(desk.pid), resident_kib(desk.pid)
        for _ in range(2):
            barrage(desk, keys)
        assert call(desk.endpoint, keys, "DescribeCompanies", b"{}").code == ""
        assert open_files(desk.pid) <= files + 10
        assert resident_kib(desk.pid) <= kib + 30 * KIB
        assert "Traceback" not in desk.log


def barrage(desk: RunningDesk, keys: Keys) -> None:
    """Send everything above that is broken, too large or not JSON, and wait for its end."""
    for data in (*BROKEN.values(), *(data for _, data in TOO_LARGE.values())):
        with Wire(desk.endpoint) as wire:
            wire.send(data)
            wire.answer()
    for payload in STRICT_JSON.values():
        submit(desk, keys, payload)
    with contextlib.ExitStack() as held:
        wires = [held.enter_context(Wire(desk.endpoint)) for _ in range(50)]
        for wire in wires:
            wire.send(POST)
        for wire in wires:
            wire.answer()
