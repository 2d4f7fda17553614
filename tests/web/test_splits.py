"""Bytes arrive in any pieces; what is asked and answered is the same (RFC 9112, 6)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certdesk.web.connections.framing import CHUNK_EXTENSIONS, Broken, Framing, Part
from certdesk.web.connections.protocol import HEADERS_TOTAL, REQUEST_LINE
from tests.web.inprocess import conversation

KIB = 1024
LARGE = REQUEST_LINE + HEADERS_TOTAL + 1
"""More bytes than any head may have."""

HEAD = b"POST /%s HTTP/1.1\r\nHost: desk.example\r\n"


def with_length(path: bytes, body: bytes) -> bytes:
    """Write a request whose body has a length."""
    return HEAD % path + b"Content-Length: %d\r\n\r\n" % len(body) + body


def in_chunks(path: bytes, body: bytes, size: int, extension: bytes, trailer: bytes) -> bytes:
    """Write a request whose body comes in chunks of `size`."""
    chunks = [body[place : place + size] for place in range(0, len(body), size)]
    written = b"".join(b"%x%s\r\n%s\r\n" % (len(each), extension, each) for each in chunks)
    head = HEAD % path + b"Transfer-Encoding: chunked\r\n\r\n"
    return head + written + b"0\r\n" + trailer + b"\r\n"


def answer_to(path: bytes, body: bytes) -> bytes:
    """Write what the application says to a request."""
    body = b"" if path == b"early" else body
    text = b"/%s %d %d" % (path, len(body), sum(body))
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(text) + text


PATHS = st.sampled_from([b"", b"early", b"late"])
BODIES = st.one_of(
    st.binary(max_size=40),
    st.integers(1, 3).map(lambda count: b"\r\n\r\nGET / HTTP/1.1\r\n" * count),
    st.sampled_from([b"a" * LARGE, b"\r\n" * 40 * KIB]),
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A sound request, and what it is answered."""
    path, body = draw(PATHS), draw(BODIES)
    if draw(st.booleans()):
        return with_length(path, body), answer_to(path, body)
    size = draw(st.integers(1, 50)) if len(body) < 100 else 20_000
    extension = draw(st.sampled_from([b"", b";a", b';name="value"']))
    trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\n", b"Host: other.example\r\n"]))
    return in_chunks(path, body, size, extension, trailer), answer_to(path, body)


@st.composite
def cut_conversations(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """Sound requests, one behind the other, in pieces; and the answers to them."""
    asked = draw(st.lists(requests(), min_size=1, max_size=4))
    between = draw(st.sampled_from([b"", b"\r\n"]))
    data = between.join(request for request, _ in asked)
    edges = st.integers(0, len(data))
    marks = [place for place in range(len(data)) if data[place : place + 1] in b"\r\n;"][:400]
    near = st.sampled_from(marks).flatmap(lambda at: st.integers(at, min(at + 3, len(data))))
    cuts = sorted({0, len(data), *draw(st.lists(edges | near, max_size=12))})
    return [data[a:b] for a, b in pairwise(cuts)], b"".join(answer for _, answer in asked)


TWO_BODIES = (
    [with_length(b"", b"a" * LARGE) + with_length(b"", b"b")[:30], with_length(b"", b"b")[30:]],
    answer_to(b"", b"a" * LARGE) + answer_to(b"", b"b"),
)
ANSWERED_EARLY = (
    [
        with_length(b"early", b"a" * LARGE)[:90],
        with_length(b"early", b"a" * LARGE)[90:] + b"PO",
        b"ST / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    answer_to(b"early", b"") + answer_to(b"", b""),
)


@given(asked=cut_conversations(), hurried=st.booleans())
@example(asked=TWO_BODIES, hurried=False)
@example(asked=ANSWERED_EARLY, hurried=False)
def test_sound_requests_are_answered_alike_however_they_arrive(
    asked: tuple[list[bytes], bytes], *, hurried: bool
) -> None:
    """Split, joined, sent ahead, with bodies of every kind: the answers, in order, and no more."""
    pieces, answers = asked
    assert conversation(pieces, hurried=hurried) == (answers, False)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_requests_that_come_byte_by_byte_are_answered(size: int) -> None:
    """As if they had come in one piece."""
    data = with_length(b"", b"ab") + in_chunks(b"", b"abc", 1, b";x=y", b"X-A: b\r\n")
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    assert conversation(pieces) == (answer_to(b"", b"ab") + answer_to(b"", b"abc"), False)


BAD = (
    b"PUT\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)


@pytest.mark.parametrize("hurried", [True, False])
@pytest.mark.parametrize("bad", BAD)
@given(data=st.data())
def test_a_refusal_never_overtakes_the_answer_before_it(
    data: st.DataObject, bad: bytes, *, hurried: bool
) -> None:
    """A client must not take the refusal of its second request for the answer to its first."""
    good = with_length(b"", b"ab")
    cut = data.draw(st.integers(1, len(good + bad)))
    written, ended = conversation([(good + bad)[:cut], (good + bad)[cut:]], hurried=hurried)
    first, rest = written[: len(answer_to(b"", b"ab"))], written[len(answer_to(b"", b"ab")) :]
    assert first == answer_to(b"", b"ab")
    assert rest.startswith(b"HTTP/1.1 400 ")
    assert rest.count(b"HTTP/1.1") == 1
    assert ended


def test_a_request_that_is_answered_gets_no_second_answer() -> None:
    """What breaks in the rest of its body ends the connection without a word."""
    head = HEAD % b"early" + b"Transfer-Encoding: chunked\r\n\r\n"
    written, ended = conversation([head, b"zz\r\n"])
    assert (written, ended) == (answer_to(b"early", b""), True)


def test_what_follows_the_end_of_a_connection_is_not_carried_out() -> None:
    """A request behind one that says `Connection: close` is not looked at."""
    last = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    written, ended = conversation([last + with_length(b"", b"")], hurried=True)
    assert (written.count(b"HTTP/1.1"), ended) == (1, True)


def test_one_request_is_read_at_a_time() -> None:
    """A quarter of a megabyte of requests sent ahead does not become ten thousand in memory."""
    framing = Framing()
    framing.add(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 9000)
    assert framing.piece().count(b"GET") == 1
    framing.expect_body(0)
    assert framing.piece() == b""
    framing.next_request()
    assert framing.piece().count(b"GET") == 1


# --- chunks -------------------------------------------------------------------------------------


def body_of(data: bytes) -> Part:
    """Read a chunked body; give where it ends."""
    framing = Framing()
    framing.expect_body(None)
    framing.add(data)
    while framing.piece():
        pass
    return framing.part


@pytest.mark.parametrize(
    ("length", "is_read"), [(CHUNK_EXTENSIONS, True), (CHUNK_EXTENSIONS + 1, False)]
)
def test_a_chunk_has_extensions_up_to_a_kibibyte(length: int, *, is_read: bool) -> None:
    """T13: 400 beyond."""
    data = b"1;" + b"a" * length + b"\r\nx\r\n0\r\n\r\n"
    if is_read:
        assert body_of(data) is Part.DONE
    else:
        with pytest.raises(Broken):
            body_of(data)


@given(st.integers(CHUNK_EXTENSIONS + 20, 4 * KIB), st.integers(1, 300))
def test_extensions_without_end_are_refused_before_they_end(length: int, size: int) -> None:
    """Nothing is kept of a line that is too long already, in whatever pieces it comes."""
    framing = Framing()
    framing.expect_body(None)

    def drip() -> None:
        for _ in range(0, length, size):
            framing.add(b";" * size)
            framing.piece()

    with pytest.raises(Broken):
        drip()


def test_chunks_are_mostly_content() -> None:
    """A body of single bytes costs the reader more than its sender."""
    with pytest.raises(Broken):
        body_of(b"1\r\na\r\n" * 20_000)
    assert body_of(b"40\r\n%s\r\n" % (b"a" * 64) * 10_000 + b"0\r\n\r\n") is Part.DONE
