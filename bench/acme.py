"""A small ACME client (RFC 8555), and the web server that answers for its challenges.

Every order is for an address of the loopback network, proved with HTTP-01, so no name has to be
published anywhere. The client takes any certificate of the server's: it is on loopback.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import ipaddress
import json
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

FIRST_PAUSE, LONGEST_PAUSE, MOST_WAITED = 0.01, 0.5, 30
"""Seconds before a client asks again for what is not ready; the pauses double."""

REQUEST_BYTES = 8_192


class Account:
    """An account key; it signs requests, and its thumbprint proves control of an address."""

    def __init__(self) -> None:
        """Make the key."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        x, y = (_encoded(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        self.jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        written = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True)
        self.thumbprint = _encoded(hashlib.sha256(written.encode()).digest())

    def sign(self, protected: Mapping[str, object], payload: object) -> bytes:
        """Return a request's body; without a payload it reads (RFC 8555, 6.3)."""
        head = _encoded(json.dumps(protected).encode())
        body = "" if payload is None else _encoded(json.dumps(payload).encode())
        made = self._key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(made)
        signature = _encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return json.dumps({"protected": head, "payload": body, "signature": signature}).encode()


class AcmeSession:
    """One connection to an ACME server, with an account, and the nonce for its next request."""

    def __init__(self, directory: str, account: Account) -> None:
        """Read the directory, and register the account."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._line = http.client.HTTPSConnection(urlsplit(directory).netloc, context=context)
        self._account = account
        self._nonce = ""
        self._kid = ""
        self._places = json.loads(self._send("GET", directory)[1])
        self._send("HEAD", self._places["newNonce"])
        registered, _ = self._post(self._places["newAccount"], {"termsOfServiceAgreed": True})
        self._kid = registered["Location"]

    def finish(self, address: str, csr: bytes) -> bytes:
        """Order, prove, finalize and download; return the chain as PEM.

        Raises:
            RuntimeError: the server refused something, or a step has not ended.
        """
        identifier = {"type": "ip", "value": address}
        head, order = self._post(self._places["newOrder"], {"identifiers": [identifier]})
        place = head["Location"]
        for each in json.loads(order)["authorizations"]:
            for challenge in self._read(each)["challenges"]:
                # Pebble reuses a proof once in a hundred, even if it is told never to.
                if challenge["type"] == "http-01" and challenge["status"] != "valid":
                    self._post(challenge["url"], {})
        ready = self._wait(place, "ready")
        self._post(ready["finalize"], {"csr": _encoded(csr)})
        return self._post(self._wait(place, "valid")["certificate"], None)[1]

    def _wait(self, place: str, status: str) -> dict[str, Any]:
        found = self._read(place)
        for pause in pauses():
            if found["status"] in (status, "invalid"):
                break
            time.sleep(pause)
            found = self._read(place)
        if found["status"] == status:
            return found
        raise RuntimeError(f"an order has not become {status}: {found}")

    def _read(self, place: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._post(place, None)[1])
        return found

    def _post(self, place: str, payload: object) -> tuple[Message, bytes]:
        who = {"kid": self._kid} if self._kid else {"jwk": self._account.jwk}
        protected = {"alg": "ES256", "nonce": self._nonce, "url": place, **who}
        return self._send("POST", place, self._account.sign(protected, payload))

    def _send(self, method: str, place: str, body: bytes | None = None) -> tuple[Message, bytes]:
        headers = {"Content-Type": "application/jose+json"} if body else {}
        self._line.request(method, urlsplit(place).path, body, headers)
        reply = self._line.getresponse()
        content = reply.read()
        if reply.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {place}: {reply.status} {content.decode()}")
        self._nonce = reply.headers.get("Replay-Nonce", self._nonce)
        return reply.headers, content


def pauses() -> Iterator[float]:
    """Return the pauses of a client that asks again and again, until it has waited too long."""
    pause, waited = FIRST_PAUSE, 0.0
    while waited < MOST_WAITED:
        yield pause
        waited += pause
        pause = min(2 * pause, LONGEST_PAUSE)


@contextlib.contextmanager
def answering(accounts: Mapping[str, Account], port: int) -> Iterator[None]:
    """Answer HTTP-01 for each address as its account (RFC 8555, 8.3), whatever the token is.

    Raises:
        OSError: the port is taken, or this process may not have it.
    """
    with contextlib.ExitStack() as held, selectors.DefaultSelector() as ready:
        for address, account in accounts.items():
            listener = held.enter_context(socket.create_server((address, port)))
            ready.register(listener, selectors.EVENT_READ, account)
        ended = threading.Event()
        thread = threading.Thread(target=_answer, args=(ready, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _answer(ready: selectors.BaseSelector, ended: threading.Event) -> None:
    while not ended.is_set():
        for key, _ in ready.select(0.1):
            assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - they are listeners
            account: Account = key.data
            with key.fileobj.accept()[0] as line:
                path = line.recv(REQUEST_BYTES).split(b" ", 2)[1].decode()
                said = f"{path.rpartition('/')[2]}.{account.thumbprint}"
                head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(said)}"
                line.sendall(f"{head}\r\n\r\n{said}".encode())


def csr_for(address: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a CSR in DER for an address."""
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(names, critical=True)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
