"""One HTTP exchange with a provider, whose cost is bounded whatever the server does.

It follows no redirect, keeps no cookie, decompresses nothing and asks no proxy. h11 parses HTTP.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import h11

from certdesk.domain.values.foreign_text import printable
from certdesk.domain.values.record import Record
from certdesk.ports import ProviderFailed, ProviderUnreachable

MOST_BYTES = 64 * 1024
"""Of an answer, its head included."""

SECONDS = 10.0
"""For everything that one call of a provider needs."""

USER_AGENT = "certdesk (sign-in)"
_CONNECT_SECONDS = 5.0
_RECEIVE = 8192
_ADDRESSES = 4
_PORTS = {"https": 443, "http": 80}


class Answer(Record):
    """A complete answer."""

    status: int
    body: bytes


class Client:
    """A client for the servers of one provider. Safe to use from several threads."""

    def __init__(self, ca_file: str) -> None:
        """Trust the CAs of a PEM file, or those of the system if the name is empty.

        Raises:
            OSError: the file cannot be read, or has no certificate.
        """
        self._tls = ssl.create_default_context(cafile=ca_file or None)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.set_alpn_protocols(["http/1.1"])

    def get(self, url: str, deadline: float, headers: Mapping[str, str] | None = None) -> Answer:
        """Get `url`; `deadline` is in `time.monotonic`.

        Raises:
            ProviderUnreachable: there is no complete answer within the limits.
            ProviderFailed: the answer is encoded, too large, or a redirect.
        """
        return self._ask(url, "GET", dict(headers or {}), b"", deadline)

    def post(
        self, url: str, form: Mapping[str, str], deadline: float, headers: Mapping[str, str]
    ) -> Answer:
        """Post a form to `url`, as `get`."""
        body = urlencode(form).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask(url, "POST", {**headers, **kind}, body, deadline)

    def _ask(
        self, url: str, method: str, headers: dict[str, str], body: bytes, deadline: float
    ) -> Answer:
        parts = urlsplit(url)
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_BYTES)
        request = _request(http, parts, method, headers, body)
        try:
            with self._connected(parts, deadline) as connection:
                connection.settimeout(_left(deadline))
                connection.sendall(request)
                return _answer(connection, http, deadline)
        except TimeoutError:
            raise ProviderUnreachable(f"{parts.netloc} did not answer in time") from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "no reason"
            raise ProviderUnreachable(f"TLS with {parts.netloc} failed ({reason})") from None
        except OSError as error:
            why = error.strerror or error
            raise ProviderUnreachable(f"{parts.netloc} cannot be reached ({why})") from None
        except h11.RemoteProtocolError:
            raise ProviderUnreachable(f"{parts.netloc} sent something else than HTTP") from None

    def _connected(self, parts: SplitResult, deadline: float) -> socket.socket:
        host = parts.hostname or ""
        plain = _connect(host, parts.port or _PORTS[parts.scheme], parts.scheme, deadline)
        if parts.scheme == "http":
            return plain
        plain.settimeout(_left(deadline))
        # It owns the plain socket from here on, and closes it if the handshake fails.
        return self._tls.wrap_socket(plain, server_hostname=host)


def deadline() -> float:
    """Return when a call that begins now has to end, in `time.monotonic`."""
    return time.monotonic() + SECONDS


def _connect(host: str, port: int, scheme: str, deadline: float) -> socket.socket:
    """Connect to one of the addresses of a host; by http to this machine alone."""
    failure: OSError = OSError(f"{host} has no address")
    for family, address in _addresses(host, port, deadline)[:_ADDRESSES]:
        if scheme == "http" and not ipaddress.ip_address(str(address[0])).is_loopback:
            raise ProviderFailed(f"{host} is not this machine, so http is refused")
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(min(_left(deadline), _CONNECT_SECONDS))
            plain.connect(address)
        except OSError as error:
            plain.close()
            failure = error
        else:
            return plain
    raise failure


def _addresses(host: str, port: int, deadline: float) -> Sequence[tuple[socket.AddressFamily, Any]]:
    """Look a host up as the system does, on a thread, since the system may take its time."""
    found: Future[list[tuple[socket.AddressFamily, Any]]] = Future()

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found.set_exception(OSError(f"its address is not known: {error}"))
        else:
            found.set_result([(row[0], row[4]) for row in rows])

    threading.Thread(target=look_up, name="sign-in look-up", daemon=True).start()
    return found.result(_left(deadline))


def _request(
    http: h11.Connection, parts: SplitResult, method: str, headers: dict[str, str], body: bytes
) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    whole = {
        "Host": parts.netloc,
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **({"Content-Length": str(len(body))} if method == "POST" else {}),
        **headers,
    }
    request = http.send(h11.Request(method=method, target=path, headers=list(whole.items()))) or b""
    return request + (http.send(h11.Data(body)) or b"") + (http.send(h11.EndOfMessage()) or b"")


def _answer(connection: socket.socket, http: h11.Connection, deadline: float) -> Answer:
    status, body = 0, b""
    for event in _events(connection, http, deadline):
        if isinstance(event, h11.Response):
            status = event.status_code
            _refuse_unfit(event)
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, body)
    raise OSError("the connection ended without an answer")


def _refuse_unfit(response: h11.Response) -> None:
    if response.status_code in range(300, 400):
        raise ProviderFailed("the answer is a redirect, and the desk follows none")
    for name, value in response.headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise ProviderFailed(f"the answer is encoded ({printable(value)})")


def _events(
    connection: socket.socket, http: h11.Connection, deadline: float
) -> Iterator[h11.Event]:
    received = 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            connection.settimeout(_left(deadline))
            data = connection.recv(_RECEIVE)
            received += len(data)
            if received > MOST_BYTES:
                raise ProviderFailed(f"the answer has more than {MOST_BYTES:,} bytes")
            http.receive_data(data)
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return
        elif isinstance(event, h11.Event):
            yield event


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
