r"""A web server on loopback, for tests and the demo, with pages by host name.

    with webserver() as web:
        web.put("shop.example.com", "/.well-known/pki-validation/1f.txt", "20260301…")
        web.redirect("www.shop.example.com", "/old", "http://shop.example.com/new")
        settings = f'proof.http_port = {web.port}\nproof.allow_networks = ["{web.address}/32"]\n'

With `tls=self_signed()` it speaks https. A script sends whatever bytes it likes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import http
import socket
import socketserver
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

QUIET_SECONDS = 30.0
"""How long a connection may be silent, as a safeguard against hanging."""

HEAD_LIMIT = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Request:
    """A request; `host` is in lower case and without port, header names are in lower case."""

    host: str
    path: str
    headers: Mapping[str, str]


class Line:
    """The connection that a script uses."""

    def __init__(self, connection: socket.socket, ended: threading.Event) -> None:
        """Use `connection`, until `ended`."""
        self._connection = connection
        self._ended = ended

    def send(self, data: bytes) -> None:
        """Send bytes; raise OSError if the other side is gone."""
        self._connection.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Wait; return whether the server is still running."""
        return not self._ended.wait(seconds)

    def hold(self) -> None:
        """Send nothing more, and keep the connection until the other side closes it."""
        self._connection.settimeout(0.05)
        while self.wait(0):
            with contextlib.suppress(TimeoutError):
                if not self._connection.recv(1024):
                    return

    def reset(self) -> None:
        """Reset the connection (RST)."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Script = Callable[[Line], None]


class WebServer:
    """A web server: its pages by host and path, and the requests it got."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Begin without pages; `webserver` and `serving` run the server."""
        self.address = ""
        self.port = 0
        self.tls = tls
        self.ended = threading.Event()
        self.requests: list[Request] = []
        """Every request, in order."""
        self._scripts: dict[tuple[str, str], Script] = {}

    def put(
        self,
        host: str,
        path: str,
        content: str | bytes,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Serve `content` at a path (with its query) of a host."""
        body = content.encode() if isinstance(content, str) else content
        answer = response(status, body, headers or {"Content-Type": "text/plain"})
        self.script(host, path, lambda line: line.send(answer))

    def redirect(self, host: str, path: str, location: str, *, status: int = 301) -> None:
        """Redirect requests for a path to `location`."""
        self.put(host, path, b"", status=status, headers={"Location": location})

    def script(self, host: str, path: str, script: Script) -> None:
        """Let `script` answer requests for a path; the connection closes when it returns."""
        self._scripts[host, path] = script

    def remove(self, host: str, path: str) -> None:
        """Remove a page."""
        self._scripts.pop((host, path), None)

    def note(self, request: Request) -> None:
        """Record a request, for later inspection."""
        self.requests.append(request)

    def answer(self, request: Request, line: Line) -> None:
        """Record a request, and answer it."""
        self.note(request)
        script = self._scripts.get((request.host, request.path))
        if script is None:
            line.send(response(404, b"there is nothing here\n", {}))
        else:
            script(line)


def response(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a whole response, with its length."""
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


@contextlib.contextmanager
def webserver(
    *, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[WebServer]:
    """Serve while the context lasts, on a free port unless one is given.

    At the end, all its connections and threads have ended.
    """
    with serving(WebServer(tls), address=address, port=port) as web:
        yield web


@contextlib.contextmanager
def serving(web: WebServer, *, address: str = "127.0.0.1", port: int = 0) -> Iterator[WebServer]:
    """Run the caller's `web`, as `webserver` does."""
    with _Listener((address, port), _Handler) as listener:
        listener.web = web
        host, web.port = listener.server_address[:2]
        web.address = str(host)
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield web
        finally:
            web.ended.set()
            listener.shutdown()
            thread.join()


def self_signed(name: str = "nobody.example") -> ssl.SSLContext:
    """Make a self-signed certificate, and return a TLS context for a server with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.pem")
        file.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
        context.load_cert_chain(file)
    return context


class _Listener(socketserver.ThreadingTCPServer):
    web: WebServer
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        web = cast("_Listener", self.server).web
        # The client may close the connection at any time, and so may a script.
        with contextlib.suppress(OSError, EOFError), self._secured(web) as connection:
            connection.settimeout(QUIET_SECONDS)
            line = Line(connection, web.ended)
            try:
                request = _read(connection)
            except ValueError:
                line.send(response(400, b"this is no HTTP\n", {}))
            else:
                web.answer(request, line)

    def _secured(self, web: WebServer) -> socket.socket:
        self.request.settimeout(QUIET_SECONDS)
        if web.tls is None:
            return cast("socket.socket", self.request)
        return web.tls.wrap_socket(self.request, server_side=True)


def _read(connection: socket.socket) -> Request:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        more = connection.recv(1)
        if not more or len(head) > HEAD_LIMIT:
            raise EOFError
        head += more
        if not head[:1].isalpha():
            raise ValueError("no method begins like that")
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    host = headers.get("host", "").lower().partition(":")[0]
    return Request(host, first.split(" ")[1], headers)
