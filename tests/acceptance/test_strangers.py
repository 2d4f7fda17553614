"""What strangers may ask, how often and how much, over a live desk with small limits.

Sources: RFC 6585, 4 (429); RFC 6797 (HSTS).
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.web.server import HSTS
from tests.acceptance.processes import serving
from tests.acceptance.test_listening import Pair
from tests.running import Keys, RunningDesk, running
from tests.web.raw import Answer, Wire, call, head, request

KIB = 1024
NUMBER = 8
"""Connections that an address may have at this desk."""

ALL = 48
WRONG = 5
"""Wrong signatures that an address has answered at once."""

NO_LINK = b"GET /download/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
PAGES = 20
SETTINGS = f"""
[http]
connections = {ALL}
connections_per_address = {NUMBER}
write_seconds = 1
head_seconds = 60
bodies_mib = 4
wrong_per_minute = {WRONG}
pages_per_second = {PAGES}
threads = 2
hosts = ["desk.example", "[2001:db8::1]:8443"]
public_url = "https://Public.Example/desk"
proxies = ["127.0.3.0/24"]
[ca]
base_url = "http://pki.example"
[keys.stock]
rsa_2048 = 0
rsa_4096 = 0
p_256 = 0
"""
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: any.example\r\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with small limits."""
    with running(tmp_path_factory.mktemp("strangers") / "data", settings=SETTINGS) as desk:
        yield desk


@pytest.fixture(scope="module")
def keys(desk: RunningDesk) -> Keys:
    """An account on it."""
    return desk.account()


def send(desk: RunningDesk, data: bytes, source: str = "") -> Answer:
    """Send bytes on a new connection; give the first answer."""
    with Wire(desk.endpoint, source) as wire:
        wire.send(data)
        return wire.answer()


def is_open(wire: Wire) -> bool:
    """Tell whether a connection on which nothing was asked is there still."""
    return not wire.hears(0.05)


def open_ones(desk: RunningDesk, held: contextlib.ExitStack, source: str, count: int) -> int:
    """Open so many idle connections; give how many there are at the end."""
    wires = [held.enter_context(Wire(desk.endpoint, source)) for _ in range(count)]
    assert send(desk, HEALTH + b"\r\n").status == 200  # Now the desk has seen them all.
    return sum(map(is_open, wires))


# --- connections --------------------------------------------------------------------------------


def test_an_address_has_so_many_connections_at_a_time_and_no_more(desk: RunningDesk) -> None:
    """A further one takes the place of one on which nothing was asked."""
    with contextlib.ExitStack() as held:
        assert 0 < open_ones(desk, held, "127.0.1.1", 3 * NUMBER) <= NUMBER
        assert send(desk, HEALTH + b"\r\n", "127.0.1.2").status == 200


def test_the_operator_has_room_where_all_connections_are_taken(
    desk: RunningDesk, keys: Keys
) -> None:
    """Commands, and whoever asks something: idle connections give way."""
    with contextlib.ExitStack() as held:
        wires = [
            held.enter_context(Wire(desk.endpoint, f"127.0.1.{10 + number // NUMBER}"))
            for number in range(2 * ALL)
        ]
        assert keys.uin in [each["Uin"] for each in desk.operate("ListAccounts")["Accounts"]]
        assert sum(map(is_open, wires)) <= ALL
        assert send(desk, HEALTH + b"\r\n", "127.0.1.99").status == 200


def test_a_proxys_connections_have_no_limit_of_their_own(desk: RunningDesk) -> None:
    """They are those of many clients."""
    with contextlib.ExitStack() as held:
        assert open_ones(desk, held, "127.0.3.1", 2 * NUMBER) == 2 * NUMBER


def test_a_client_that_does_not_take_its_answers_is_dropped(desk: RunningDesk) -> None:
    """After http.write_seconds; the desk keeps neither the connection nor the answer."""
    check_it_is_dropped(desk.endpoint, None)


def check_it_is_dropped(endpoint: str, tls: ssl.SSLContext | None) -> None:
    """Ask for much, take nothing, and see the connection end."""
    asked = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 1000
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
    plain.settimeout(60)
    host, _, port = endpoint.partition(":")
    plain.connect((host, int(port)))
    with contextlib.closing(tls.wrap_socket(plain) if tls else plain) as client:
        client.settimeout(2)
        with contextlib.suppress(TimeoutError):
            for _ in range(60):
                client.sendall(asked)
        deadline = time.monotonic() + 30
        while client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != errno.ECONNRESET:
            assert time.monotonic() < deadline, "the connection is still held"
            time.sleep(0.1)


# --- bodies -------------------------------------------------------------------------------------


def unfinished_form(size: int, sent: int) -> bytes:
    """Write a form of which the end is missing."""
    return (
        b"POST / HTTP/1.1\r\nHost: desk.example\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n" % size
    ) + b"a" * sent


def test_unfinished_bodies_of_an_address_have_a_share_of_the_memory(desk: RunningDesk) -> None:
    """A quarter of http.bodies_mib; another address has its own, and small bodies are free."""
    large = unfinished_form(900 * KIB, 700 * KIB)
    with Wire(desk.endpoint, "127.0.4.1") as first:
        first.send(large)
        assert not first.hears(0.3)
        answer = send(desk, large, "127.0.4.1")
        assert (answer.status, answer.code) == (200, "RequestLimitExceeded")
        assert send(desk, unfinished_form(9 * KIB, 9 * KIB), "127.0.4.1").code == "MissingParameter"
        assert send(desk, unfinished_form(700 * KIB, 700 * KIB), "127.0.4.2").code == (
            "MissingParameter"
        )
        first.send(b"a" * 200 * KIB)
        assert first.answer().code == "MissingParameter"
    assert send(desk, unfinished_form(700 * KIB, 700 * KIB), "127.0.4.1").code == "MissingParameter"


def test_a_form_is_not_read_before_its_key_is_known(desk: RunningDesk) -> None:
    """A stranger's megabyte is looked through for its SecretId, and not taken apart."""
    common = b"Action=A&Version=1&Timestamp=%d&SecretId=nobody&Signature=a&Nonce=1" % time.time()
    body = b"no pair&" * 100_000 + common
    answer = send(desk, unfinished_form(len(body), 0) + body)
    assert answer.code == "AuthFailure.SecretIdNotFound"


# --- wrong signatures ---------------------------------------------------------------------------


def wrong(desk: RunningDesk, keys: Keys, *more: str) -> bytes:
    """Write a request that somebody else has signed."""
    forged = Keys(keys.uin, keys.secret_id, "another")
    return request(desk.endpoint, forged, "DescribeCompanies", b"{}", *more)


def test_only_wrong_signatures_are_slowed(desk: RunningDesk, keys: Keys) -> None:
    """Those of an address after the first few; right ones, and other addresses', never.

    More of them wait than there are threads.
    """
    source = "127.0.5.1"
    for _ in range(WRONG):
        assert send(desk, wrong(desk, keys), source).code == "AuthFailure.SignatureFailure"
    with contextlib.ExitStack() as held:
        waiting = [held.enter_context(Wire(desk.endpoint, source)) for _ in range(NUMBER - 1)]
        for wire in waiting:
            wire.send(wrong(desk, keys))
        assert not waiting[0].hears(1)
        assert not any(wire.hears(0) for wire in waiting)
        right = send(desk, request(desk.endpoint, keys, "DescribeCompanies", b"{}"), source)
        assert right.response["TotalCount"] == 0
        assert send(desk, wrong(desk, keys), "127.0.5.2").code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("kind", ["key", "token", "link"])
def test_what_else_can_be_guessed_is_slowed_as_well(
    desk: RunningDesk, keys: Keys, kind: str
) -> None:
    """SecretIds, tokens of temporary keys, and links to downloads."""
    asked = {
        "key": request(desk.endpoint, Keys("", "nobody", "a"), "DescribeCompanies", b"{}"),
        "token": request(desk.endpoint, keys, "DescribeCompanies", b"{}", "X-TC-Token: a"),
        "link": b"GET /download/a/b.zip HTTP/1.1\r\nHost: desk.example\r\n\r\n",
    }[kind]
    source = {"key": "127.0.5.3", "token": "127.0.5.4", "link": "127.0.5.5"}[kind]
    for _ in range(WRONG):
        send(desk, asked, source)
    with Wire(desk.endpoint, source) as wire:
        wire.send(asked)
        assert not wire.hears(1)


def test_clients_behind_a_proxy_are_told_apart(desk: RunningDesk, keys: Keys) -> None:
    """By the rightmost hop that is no proxy; what is left of it is the client's invention."""
    proxy, hops = "127.0.3.2", "X-Forwarded-For: 203.0.113.{}, 192.0.2.7, 127.0.3.9"
    for number in range(WRONG):
        send(desk, wrong(desk, keys, hops.format(number)), proxy)
    with Wire(desk.endpoint, proxy) as wire:
        wire.send(wrong(desk, keys, hops.format(99)))
        assert not wire.hears(1)
        other = wrong(desk, keys, "X-Forwarded-For: 192.0.2.8")
        assert send(desk, other, proxy).code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("source", "hops", "status"),
    [
        ("127.0.3.1", b"192.0.2.7", 404),
        ("127.0.3.1", b"127.0.0.1, 192.0.2.7", 404),
        ("127.0.3.1", b"192.0.2.7, 127.0.0.1", 200),
        ("127.0.3.1", b"192.0.2.7:4711, 127.0.3.5", 404),
        ("127.0.3.1", b"127.0.0.1, unknown", 404),
        ("127.0.3.1", b"", 404),
        ("127.0.0.1", b"192.0.2.7", 200),
    ],
)
def test_health_is_told_to_whom_a_trusted_proxy_names(
    desk: RunningDesk, source: str, hops: bytes, status: int
) -> None:
    """And a peer that is no such proxy cannot name anybody."""
    answer = send(desk, HEALTH + b"X-Forwarded-For: " + hops + b"\r\n\r\n", source)
    assert answer.status == status


# --- requests that nobody signed ------------------------------------------------------------------


def test_requests_that_nobody_signed_have_a_rate_limit(desk: RunningDesk, keys: Keys) -> None:
    """Those that were sent ahead wait too; meanwhile their connections make room for others."""
    sent_ahead = 300
    asked = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}" * sent_ahead
    right = request(desk.endpoint, keys, "DescribeCompanies", b"{}")
    with contextlib.ExitStack() as held:
        wires = [
            held.enter_context(Wire(desk.endpoint, f"127.0.8.{number // NUMBER}"))
            for number in range(ALL)
        ]
        for wire in wires:
            wire.send(asked)
        assert send(desk, right, "127.0.8.99").response["TotalCount"] == 0
        time.sleep(1)
        answered = wires[-1].answers_there()
        assert answered < sent_ahead / 2


def test_an_answer_that_waits_holds_no_memory(desk: RunningDesk) -> None:
    """A large body is let go before its refusal waits for its turn."""
    common = b"Action=A&Version=1&Timestamp=%d&SecretId=nobody&Signature=a&Nonce=1&" % time.time()
    body = common.ljust(900 * KIB, b"a")
    large = unfinished_form(len(body), 0) + body
    with contextlib.ExitStack() as held:
        for _ in range(WRONG + 2):
            wire = held.enter_context(Wire(desk.endpoint, "127.0.4.9"))
            wire.send(large)
            wire.hears(1)
        assert not wire.hears(0)
        answer = send(desk, unfinished_form(700 * KIB, 700 * KIB), "127.0.4.9")
        assert answer.code == "MissingParameter"


# --- pages --------------------------------------------------------------------------------------


def test_what_is_public_has_a_rate_limit_for_each_address(desk: RunningDesk) -> None:
    """429, when to come again, and the end of the connection with what was sent ahead on it."""
    asked = b"GET /pki/none.crl HTTP/1.1\r\nHost: any.example\r\n\r\n"
    answers: list[Answer] = []
    with Wire(desk.endpoint, "127.0.6.1") as wire:
        wire.send(asked * 10 * PAGES)
        while not answers or answers[-1].status == 404:
            answers.append(wire.answer())
        assert PAGES <= len(answers) <= 10 * PAGES
        assert (answers[-1].status, answers[-1].headers["retry-after"]) == (429, "1")
        assert wire.hung_up()
    assert send(desk, asked, "127.0.6.2").status == 404
    assert send(desk, HEALTH + b"\r\n", "127.0.6.1").status == 200


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "desk.example",
        "DESK.example.:8080",
        "http://desk.example:1",
        "public.example",
        "pki.example",
        "localhost",
        "[::1]:80",
        "[2001:DB8:0::1]",
        "127.0.0.1",
    ],
)
def test_the_desk_answers_to_its_names(desk: RunningDesk, host: str) -> None:
    """Those of settings, of the loopback, and where it listens; neither port nor case counts."""
    answer = send(desk, f"POST / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.code == "MissingParameter"


@pytest.mark.parametrize(
    "host",
    ["other.example", "desk.example.org", "a@desk.example", "192.0.2.9", "", "[::2]", "a, b"],
)
def test_another_host_is_refused_and_the_log_says_so(desk: RunningDesk, host: str) -> None:
    """For the API in its own words, for pages with 421; /pki/ and health are for any name."""
    named = f" HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    answer = send(desk, b"POST /" + named)
    assert (answer.status, answer.code) == (200, "NoSuchProduct")
    assert "http.hosts" in answer.response["Error"]["Message"]
    assert '"setting": "http.hosts"' in desk.log
    assert send(desk, b"GET /download/a/b.zip" + named).status == 421
    assert send(desk, b"GET /healthz" + named).status == 200
    assert send(desk, b"GET /pki/none.crl" + named, "127.0.6.3").status == 404


# --- answers ------------------------------------------------------------------------------------


def test_no_answer_of_the_api_may_be_kept(desk: RunningDesk, keys: Keys) -> None:
    """Good or bad: no-store."""
    for action, code in (("DescribeCompanies", ""), ("DescribeNothing", "InvalidAction")):
        answer = call(desk.endpoint, keys, action, b"{}")
        assert (answer.code, answer.headers["cache-control"]) == (code, "no-store")
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /nope HTTP/1.1\r\nHost: other.example\r\n\r\n", 421),
        (b"GET /pki/none.crl HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"PUT /pki/none.crl HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET /pki/ HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (NO_LINK, 404),
        (b"GET /download/a/b.zip HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"POST /download/a/b.zip HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (HEALTH + b"\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ],
)
def test_no_other_answer_may_be_kept_unless_it_says_so(
    desk: RunningDesk, asked: bytes, status: int
) -> None:
    """A cache may keep a 404 of its own accord (RFC 9111, 4.2.2)."""
    answer = send(desk, asked, "127.0.7.1")
    assert (answer.status, answer.headers["cache-control"]) == (status, "no-store")


def test_paths_that_are_no_links_are_no_guesses(desk: RunningDesk) -> None:
    """Nothing is looked up for them, so a wrong link after them is one's first."""
    for _ in range(WRONG):
        send(desk, NO_LINK, "127.0.7.2")
    with Wire(desk.endpoint, "127.0.7.2") as wire:
        wire.send(b"GET /download/a/b.zip HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.answer().status == 404


def test_tls_has_its_limits_and_is_asked_for_again(tmp_path: Path) -> None:
    """Silent handshakes give way, and every answer under TLS has HSTS."""
    pair = Pair(tmp_path)
    pair.write()
    more = {
        "CERTDESK_HTTP_HANDSHAKES": "3",
        "CERTDESK_HTTP_HEAD_SECONDS": "60",
        "CERTDESK_HTTP_WRITE_SECONDS": "1",
    }
    words = ["serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "log", *words, variables=pair.options | more) as served:
        with contextlib.ExitStack() as held:
            wires = [held.enter_context(Wire(served.endpoint)) for _ in range(10)]
            assert secured(served.endpoint, HEALTH + b"\r\n").startswith(b"HTTP/1.1 200")
            assert 0 < sum(map(is_open, wires)) <= 3
        for asked, status in (
            (HEALTH, b"200"),
            (b"POST / HTTP/1.1\r\nHost: localhost\r\n", b"200"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", b"400"),
            (b"GET /pki/none HTTP/1.1\r\nHost: a\r\n", b"404"),
            (b"GET /none HTTP/1.1\r\nHost: a\r\n", b"421"),
        ):
            answer = secured(served.endpoint, asked + b"\r\n")
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert answer.count(": ".join(HSTS).encode() + b"\r\n") == 1
        check_it_is_dropped(served.endpoint, trusting())


def trusting() -> ssl.SSLContext:
    """Give what speaks TLS with anybody."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def secured(endpoint: str, asked: bytes) -> bytes:
    """Send a request by TLS; give the first bytes of the answer."""
    host, _, port = endpoint.partition(":")
    with (
        socket.create_connection((host, int(port)), 30) as plain,
        trusting().wrap_socket(plain) as line,
    ):
        line.sendall(asked)
        return line.recv(64 * KIB)


def test_plain_http_beyond_loopback_is_for_networks_that_are_named(tmp_path: Path) -> None:
    """The desk listens, warns at its start, and serves loopback; another peer gets a 403."""
    variables = {"CERTDESK_HTTP_PLAIN_NETWORKS": "203.0.113.0/24"}
    words = ["serve", "--data", str(tmp_path / "data"), "--listen", "0.0.0.0:0"]
    with serving(tmp_path / "log", *words, variables=variables) as served:
        assert "the desk serves plain HTTP beyond loopback" in served.errors.read_text()
        port = served.endpoint.rpartition(":")[2]
        with Wire(f"127.0.0.1:{port}") as wire:
            wire.send(f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert wire.answer().code == "MissingParameter"
        own = own_address()
        if own is not None:
            with Wire(f"{own}:{port}", own) as wire:
                wire.send(HEALTH + b"\r\n")
                assert wire.answer().status == 403
                assert wire.hung_up()


def own_address() -> str | None:
    """Give an address of this machine beyond loopback, if it has one."""
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def test_a_held_back_body_does_not_keep_the_seat_of_others(desk: RunningDesk, keys: Keys) -> None:
    """Who knows a SecretId and holds its bodies back is put out for one who asks."""
    source = "127.0.7.1"
    stalled = head(desk.endpoint, keys, "DescribeCompanies", b"{}", "Content-Length: 9")
    with contextlib.ExitStack() as held:
        for _ in range(NUMBER):
            held.enter_context(Wire(desk.endpoint, source)).send(stalled)
        right = send(desk, request(desk.endpoint, keys, "DescribeCompanies", b"{}"), source)
        assert right.response["TotalCount"] == 0
