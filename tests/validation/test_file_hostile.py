"""Proof by file: web servers that are slow, endless, broken or sly.

None of them proves anything that it does not serve, holds a look up for longer than its total
time, or costs memory; and no thread is left of a check.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.validation.redirects import Ports
from certdesk.validation.transfer import Limits
from certdesk.world.webserver import Line, Script, response, self_signed, webserver
from tests.validation.sites import NAME, PATH, SITE, SOON, VALUE, Sites, sites

OK = b"HTTP/1.1 200 OK\r\n"
BODY = VALUE.encode()
FRAMED = OK + b"Content-Length: 50\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(10 * 1024 * 1024))


def sent(*pieces: bytes) -> Script:
    """Make a script that sends each piece in a packet of its own, and closes."""

    def script(line: Line) -> None:
        for piece in pieces:
            line.send(piece)
            line.wait(0.001)

    return script


def endless(beginning: bytes, piece: bytes) -> Script:
    """Make a script that sends a piece again and again, as fast as it is taken."""

    def script(line: Line) -> None:
        line.send(beginning)
        while line.wait(0):
            line.send(piece)

    return script


def dripping(beginning: bytes, drops: bytes) -> Script:
    """Make a script that sends a byte at a time, with pauses that no time limit notices."""

    def script(line: Line) -> None:
        line.send(beginning)
        for drop in itertools.cycle(drops):
            if not line.wait(0.3):
                return
            line.send(bytes([drop]))

    return script


def held(*pieces: bytes) -> Script:
    """Make a script that sends the pieces and does not close."""

    def script(line: Line) -> None:
        sent(*pieces)(line)
        line.hold()

    return script


def broken_off(*pieces: bytes) -> Script:
    """Make a script that sends the pieces and breaks the connection off."""

    def script(line: Line) -> None:
        sent(*pieces)(line)
        line.reset()

    return script


PROVES = {
    "chunks": sent(
        CHUNKED + b"14\r\n" + BODY[:20], b"\r\n1e;ext=1\r\n" + BODY[20:] + b"\r\n0\r\n\r\n"
    ),
    "a byte a chunk": sent(CHUNKED, *(b"1\r\n%c\r\n" % byte for byte in BODY), b"0\r\n\r\n"),
    "a body that ends with the connection": sent(OK + b"\r\n" + BODY),
    "HTTP/1.0": sent(b"HTTP/1.0 200 OK\r\n\r\n" + BODY),
    "no close after the length": held(FRAMED + BODY),
    "more after the length": held(FRAMED + BODY + b"HTTP/1.1 404 Not Found\r\n\r\n"),
    "a few 100 Continue": sent(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 5, FRAMED + BODY),
    "103 Early Hints": sent(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", FRAMED + BODY),
    "a hundred headers": sent(OK + b"X-A: b\r\n" * 99 + FRAMED[len(OK) :] + BODY),
}


@pytest.mark.parametrize("script", PROVES.values(), ids=PROVES)
def test_the_value_is_found_in_any_sound_answer(world: Sites, script: Script) -> None:
    """Whatever HTTP allows."""
    world.http.script(NAME, PATH, script)
    finding = world.validate()
    assert (finding.verdict, finding.reason) == (Verdict.PROVED, "")


DIFFERS = {
    "a suffix": BODY + b"0",
    "a prefix": b"0" + BODY,
    "white space in front": b"\n" + BODY,
    "a second line": BODY + b"\n" + BODY,
    "another case": BODY.upper(),
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "UTF-16": VALUE.encode("utf-16-le"),
    "a page": b"<html><body>" + BODY + b"</body></html>",
    "a zero at the end": BODY + b"\x00",
    "a no-break space at the end": BODY + b"\xc2\xa0",
    "half of it": BODY[:25],
    "nothing": b"",
    "only white space": b" \n",
    "too much white space": BODY + b" " * 975,
}


@pytest.mark.parametrize("body", DIFFERS.values(), ids=DIFFERS)
def test_another_content_proves_nothing(world: Sites, body: bytes) -> None:
    """The content is the value to the letter."""
    world.http.put(NAME, PATH, body)
    assert world.validate().verdict is Verdict.FILE_DIFFERS


ENCODED = {
    "gzip": {"Content-Encoding": "gzip"},
    "twice": {"Content-Encoding": "gzip, br"},
    "beside identity": {"Content-Encoding": "identity, gzip"},
}


@pytest.mark.parametrize("headers", ENCODED.values(), ids=ENCODED)
def test_an_encoded_content_proves_nothing(world: Sites, headers: dict[str, str]) -> None:
    """Nothing is ever unpacked."""
    world.http.put(NAME, PATH, BODY, headers=headers)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_DIFFERS
    assert (
        f"encoded ({headers['Content-Encoding']}), which the desk did not request" in finding.reason
    )
    assert finding.seen == ()


TOO_MUCH = {
    "an endless body": (endless(OK + b"\r\n", BODY * 100), Verdict.FILE_DIFFERS),
    "an endless chunk": (endless(CHUNKED + b"FFFFFFFF\r\n", BODY * 100), Verdict.FILE_DIFFERS),
    "endless chunks": (endless(CHUNKED, b"1\r\n\n\r\n"), Verdict.FILE_DIFFERS),
    "a length of 10 GiB": (
        endless(OK + b"Content-Length: 10737418240\r\n\r\n", BODY * 100),
        Verdict.FILE_DIFFERS,
    ),
    "a bomb": (
        endless(OK + b"Content-Encoding: gzip\r\n\r\n", BOMB),
        Verdict.FILE_DIFFERS,
    ),
    "a bomb without a name": (endless(OK + b"\r\n", BOMB), Verdict.FILE_DIFFERS),
    "a storm of 100 Continue": (
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10),
        Verdict.FILE_ABSENT,
    ),
    "a thousand headers": (
        sent(OK + b"X-A: b\r\n" * 1000 + FRAMED[len(OK) :] + BODY),
        Verdict.FILE_ABSENT,
    ),
    "endless headers": (endless(OK, b"X-A: b\r\n" * 100), Verdict.FILE_ABSENT),
    "an endless header": (endless(OK + b"X-A: ", BODY * 100), Verdict.FILE_ABSENT),
    "an endless status line": (endless(b"HTTP/1.1 200 ", BODY * 100), Verdict.FILE_ABSENT),
    "an endless chunk extension": (endless(CHUNKED + b"1;a=", BODY * 100), Verdict.FILE_ABSENT),
    "endless trailers": (
        endless(CHUNKED + b"32\r\n" + BODY + b"\r\n0\r\n", b"X-A: b\r\n" * 100),
        Verdict.FILE_ABSENT,
    ),
}


@pytest.mark.parametrize(("script", "verdict"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_not_read(world: Sites, script: Script, verdict: Verdict) -> None:
    """Nor kept: a check takes less than a megabyte of memory, whatever comes."""
    world.http.script(NAME, PATH, script)
    tracemalloc.start()
    try:
        finding = world.validate()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert finding.verdict is verdict
    assert "the answer took too long" not in finding.reason
    assert "the time for it is over" not in finding.reason
    assert peak < 1 << 20
    assert sum(map(len, finding.steps)) < 4096


TOO_SLOW = {
    "silence": held(),
    "a body of a byte at a time": dripping(FRAMED, BODY),
    "a head of a byte at a time": dripping(b"", OK),
    "headers of a byte at a time": dripping(OK, b"X-A: b\r\n"),
    "a 100 Continue at a time": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "no close, no length": held(OK + b"\r\n" + BODY),
    "no last chunk": held(CHUNKED + b"32\r\n" + BODY + b"\r\n"),
    "half of it, then silence": held(FRAMED + BODY[:25]),
}


@pytest.mark.parametrize("script", TOO_SLOW.values(), ids=TOO_SLOW)
def test_a_slow_server_is_given_up(world: Sites, script: Script) -> None:
    """At the end of its time, though every byte came before its own."""
    world.http.script(NAME, PATH, script)
    finding = world.validate(limits=SOON)
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "the answer took too long" in finding.reason or "the time for it" in finding.reason


@pytest.mark.parametrize("script", [held(), dripping(FRAMED, BODY)], ids=["silence", "drops"])
def test_https_has_its_turn_however_slow_http_is(world: Sites, script: Script) -> None:
    """Of the name and of its other host: who serves by https alone need not answer at port 80."""
    world.name("shop.test", "www.shop.test")
    for host in ("shop.test", "www.shop.test"):
        world.http.script(host, PATH, script)
        world.https.put(host, PATH, VALUE)
    finding = world.validate("shop.test", limits=Limits(total=10))
    assert (finding.verdict, finding.reason) == (Verdict.PROVED, "")
    assert [each.host for each in world.http.requests] == ["shop.test"]


def test_https_has_its_turn_after_a_redirect_to_something_slow(world: Sites) -> None:
    """What a redirect leads to has the time of where it began."""
    world.http.redirect(NAME, PATH, "/slow")
    world.http.script(NAME, "/slow", held())
    world.https.put(NAME, PATH, VALUE)
    assert world.validate(limits=Limits(total=10)).verdict is Verdict.PROVED


BROKEN = {
    "closed at once": sent(),
    "reset at once": broken_off(),
    "reset in the head": broken_off(OK),
    "reset in the body": broken_off(FRAMED + BODY[:25]),
    "closed in the head": sent(OK + b"X-A"),
    "closed in the body": sent(FRAMED + BODY[:25]),
    "closed in a chunk": sent(CHUNKED + b"32\r\n" + BODY[:25]),
    "closed before the last chunk": sent(CHUNKED + b"32\r\n" + BODY + b"\r\n"),
    "only 100 Continue": sent(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the value without HTTP": sent(BODY),
    "HTTP/2": sent(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "SSH": sent(b"SSH-2.0-server\r\n"),
    "noise": sent(bytes(range(256)) * 4),
    "101 Switching Protocols": sent(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + BODY),
    "two lengths": sent(OK + b"Content-Length: 50\r\nContent-Length: 51\r\n\r\n" + BODY),
    "a negative length": sent(OK + b"Content-Length: -50\r\n\r\n" + BODY),
    "another transfer coding": sent(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + BODY),
    "a chunk size that is none": sent(CHUNKED + b"x\r\n" + BODY),
    "a header without colon": sent(OK + b"X A b\r\nContent-Length: 50\r\n\r\n" + BODY),
    "status 204": sent(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "status 206": sent(b"HTTP/1.1 206 Partial\r\nContent-Length: 50\r\n\r\n" + BODY),
    "status 404 with the value": sent(response(404, BODY, {})),
    "status 500 with the value": sent(response(500, BODY, {})),
    "status 999": sent(b"HTTP/1.1 999 Odd\r\nContent-Length: 50\r\n\r\n" + BODY),
    "status 20": sent(b"HTTP/1.1 20 OK\r\nContent-Length: 50\r\n\r\n" + BODY),
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_no_sound_answer_of_status_200_proves_nothing(world: Sites, script: Script) -> None:
    """And is a finding like any other."""
    world.http.script(NAME, PATH, script)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert finding.reason.startswith(f"{NAME}: by http: the ")
    assert finding.reason.isprintable()


PIECES = [OK, BODY, FRAMED, CHUNKED, b"HTTP/1.1 301 M\r\n", b"Location: /a", b"\r\n", b"0\r\n\r\n"]


def test_any_bytes_are_a_finding() -> None:
    """Nothing is raised, and nothing is proved by what is not the value."""
    with sites() as world:

        @given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=8))
        def validate(pieces: list[bytes]) -> None:
            data = b"".join(pieces)
            world.http.script(NAME, PATH, lambda line: line.send(data))
            finding = world.validate()
            assert finding.verdict is not Verdict.PROVED or BODY in data
            assert finding.reason.isprintable()

        validate()


def test_a_redirect_costs_no_new_time(world: Sites) -> None:
    """The total is one for all hops."""
    world.http.redirect(NAME, PATH, "/1")
    world.http.redirect(NAME, "/1", "/2")
    world.http.script(NAME, "/2", dripping(FRAMED, BODY))
    assert world.validate(limits=SOON).verdict is Verdict.FILE_ABSENT


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """Listen on a port of the site's where the system connects and nobody speaks."""
    with socket.create_server((SITE, 0)) as listening:
        yield cast("int", listening.getsockname()[1])


def test_tls_that_never_begins_is_given_up(world: Sites) -> None:
    """A handshake has its own time."""
    with silent() as port:
        finding = world.validate(limits=SOON, ports=Ports(world.http.port, port))
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "by https: the answer took too long." in finding.reason


def test_http_where_tls_should_be_fails(world: Sites) -> None:
    """Nothing is sent in the clear to an https port."""
    finding = world.validate(ports=Ports(world.http.port, world.http.port))
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "by https: TLS failed (" in finding.reason


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_not_spoken(world: Sites) -> None:
    """Whatever certificate there is."""
    old = self_signed()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with webserver(address=SITE, tls=old) as web:
        web.put(NAME, PATH, VALUE)
        finding = world.validate(ports=Ports(world.http.port, web.port))
        assert web.requests == []
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "TLS failed (TLSV1_ALERT_PROTOCOL_VERSION)" in finding.reason


def test_hosts_share_the_total_time() -> None:
    """And when it is over, nothing is left: no thread, on either side."""
    before = set(threading.enumerate())
    with sites() as world:
        world.name("shop.test", "www.shop.test")
        for web in (world.http, world.https):
            web.script("shop.test", PATH, held())
        world.http.put("www.shop.test", PATH, VALUE)
        finding = world.validate("shop.test", limits=SOON)
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "www.shop.test is not known: the time for the check is over" in finding.reason
    assert set(threading.enumerate()) == before
