"""One HTTP exchange with one address, whose cost is bounded whatever the server does.

h11 parses HTTP; this module has the connection and the limits. It ignores proxy settings of the
environment, and has no cookies, redirects or decompression.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator

import h11

from certdesk.domain.validation.redirects import Target
from certdesk.domain.values.addresses import Address
from certdesk.domain.values.record import Record, replace

USER_AGENT = "certdesk (domain validation)"
_RECEIVE = 1024
_NO_ROUTE = (errno.EAFNOSUPPORT, errno.ENETUNREACH, errno.EADDRNOTAVAIL)
OK = 200


class Limits(Record, kw_only=True):
    """The limits of a check by file; times are in seconds.

    `body` is in bytes of content. `received` is in bytes of any kind in one exchange, enough for a
    hundred headers. `addresses` is how many of a name's addresses are tried; those without a route
    do not count.
    """

    dns: float = 5
    connect: float = 5
    tls: float = 5
    total: float = 15
    body: int = 1024
    headers: int = 100
    received: int = 32 * 1024
    addresses: int = 4


class Answer(Record):
    """A response; its `body` is complete, or not read because of its status or encoding.

    `location` and `encoding` are the values of Location and Content-Encoding, if any; the encoding
    `identity` is left out.
    """

    status: int
    location: str | None
    encoding: str | None
    body: bytes = b""


class ExchangeFailed(Exception):
    """There is no answer; the text says why, for the owner of the website."""


class NotConnected(ExchangeFailed):
    """No address took a connection."""


class TooLong(Exception):
    """The content is longer than the limit; no more of it was read."""


def left(deadline: float, at_most: float) -> float:
    """Return the seconds until `deadline` by the monotonic clock, but at most `at_most`.

    Raises:
        ExchangeFailed: the deadline is past.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise ExchangeFailed("the time for it is over")
    return min(seconds, at_most)


def get(
    target: Target,
    addresses: Iterator[Address],
    port: int,
    *,
    limits: Limits,
    deadline: float,
    steps: list[str],
) -> Answer:
    """Get `target` from the first of `addresses` that takes a connection; log to `steps`.

    `addresses` is only advanced when the next address is to be tried.

    Raises:
        NotConnected: no address takes a connection.
        ExchangeFailed: there is no complete response within the limits.
        TooLong: the content is longer than its limit.
    """
    with _connect(addresses, port, limits, deadline, steps) as plain:
        try:
            if target.scheme == "http":
                return _exchange(plain, target, limits, deadline)
            plain.settimeout(left(deadline, limits.tls))
            with _TLS.wrap_socket(plain, server_hostname=target.host) as secured:
                steps.append(f"TLS: {secured.version()}")
                return _exchange(secured, target, limits, deadline)
        except TimeoutError:
            raise ExchangeFailed("the answer took too long") from None
        except ssl.SSLError as error:
            raise ExchangeFailed(f"TLS failed ({error.reason or 'no reason'})") from None
        except OSError as error:
            raise ExchangeFailed(f"the connection broke ({_words(error)})") from None
        except h11.RemoteProtocolError:
            raise ExchangeFailed("the answer is incomplete or not HTTP") from None


def _context() -> ssl.SSLContext:
    """Return a TLS context for TLS 1.2 or newer that accepts any certificate.

    A site that is being validated may not have a good certificate yet, so none is required.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


_TLS = _context()


def _connect(
    addresses: Iterator[Address], port: int, limits: Limits, deadline: float, steps: list[str]
) -> socket.socket:
    """Connect to the checked addresses; no name is looked up again."""
    why = "it has no address"
    tries, passed_over = limits.addresses, 0
    while tries:
        try:
            seconds = left(deadline, limits.connect)
        except ExchangeFailed as over:
            why = str(over)
            break
        address = next(addresses, None)
        if address is None:
            break
        try:
            plain = _connected(address, port, seconds)
        except (OSError, ExchangeFailed) as error:
            why = f"{address} port {port}: {_words(error)}"
            # Without a route no server was asked; all such addresses share one line.
            has_route = getattr(error, "errno", None) not in _NO_ROUTE
            if has_route or not passed_over:
                steps.append(f"not connected to {why}")
            tries -= has_route
            passed_over += not has_route
        else:
            steps.append(f"connected to {address} port {port}")
            return plain
    raise NotConnected(f"the connection failed ({why})")


def _connected(address: Address, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 -- IPv6
    plain = socket.socket(family, socket.SOCK_STREAM)
    try:
        plain.settimeout(seconds)
        plain.connect((str(address), port))
        _refuse_other_peer(plain, address, port)
    except (OSError, ExchangeFailed):
        plain.close()
        raise
    return plain


def _refuse_other_peer(plain: socket.socket, address: Address, port: int) -> None:
    host, reached, *_ = plain.getpeername()
    if (ipaddress.ip_address(host), reached) != (address, port):
        raise ExchangeFailed(f"the connection reached {host} port {reached} instead")


def _exchange(connection: socket.socket, target: Target, limits: Limits, deadline: float) -> Answer:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.received)
    connection.settimeout(left(deadline, limits.total))
    connection.sendall(_request(http, target))
    answer: Answer | None = None
    body = b""
    for event in _events(connection, http, limits, deadline):
        if isinstance(event, h11.Response):
            answer = _begun(event, limits)
            if answer.status != OK or answer.encoding is not None:
                return answer
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > limits.body:
                raise TooLong
        elif isinstance(event, h11.EndOfMessage) and answer is not None:
            return replace(answer, body=body)
        # What is left is 1xx; any number of these may come before the response.
    raise ExchangeFailed("the connection ended without an answer")


def _events(
    connection: socket.socket, http: h11.Connection, limits: Limits, deadline: float
) -> Iterator[h11.Event]:
    """Receive data and yield events, until the server closes the connection."""
    received = 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            connection.settimeout(left(deadline, limits.total))
            data = connection.recv(_RECEIVE)
            received += len(data)
            if received > limits.received:
                raise ExchangeFailed(f"the answer has more than {limits.received:,} bytes")
            http.receive_data(data)
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return
        elif isinstance(event, h11.Event):
            yield event


def _request(http: h11.Connection, target: Target) -> bytes:
    request = h11.Request(
        method="GET",
        target=target.path,
        headers=[
            ("Host", target.host),
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ],
    )
    return (http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b"")


def _begun(response: h11.Response, limits: Limits) -> Answer:
    if len(response.headers) > limits.headers:
        raise ExchangeFailed(f"the answer has more than {limits.headers} headers")
    return Answer(
        status=response.status_code,
        location=_header(response, b"location"),
        encoding=_encoding(response),
    )


def _encoding(response: h11.Response) -> str | None:
    """Return the encoding of the content; `identity` means none (RFC 9110, 8.4.1)."""
    said = _header(response, b"content-encoding")
    codings = {coding.strip().lower() for coding in (said or "").split(",")}
    return said if codings - {"", "identity"} else None


def _header(response: h11.Response, name: bytes) -> str | None:
    values = [value.decode("latin-1") for given, value in response.headers if given == name]
    return ", ".join(values) if values else None


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (isinstance(error, OSError) and error.strerror) or str(error)
