"""A provider of OpenID Connect whose answers a test decides, good by default."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import hashlib
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from joserfc import jws
from joserfc.jwk import Key, RSAKey

from certdesk.domain.people.provider import Provider
from certdesk.domain.values.secret import Secret
from certdesk.ports import Clock, Question
from certdesk.sign_in.client import Client
from certdesk.sign_in.oidc import Oidc
from certdesk.sign_in.tokens import Registry

CLIENT_ID = "the desk: one"
CLIENT_SECRET = "a secret: of the client"
REDIRECT = "http://localhost:8080/console/sign-in/company/back"
QUESTION = Question(state="state", nonce="nonce", verifier="v" * 43, redirect_uri=REDIRECT)

FIRST = RSAKey.generate_key(2048, {"kid": "first"}, auto_kid=False)
"""The key of each provider until a test gives it another one."""

Answering = Callable[["Asked"], "Said"]


@dataclasses.dataclass
class Said:
    """An answer: `content` is sent as JSON unless it is bytes; `drip` sends it by the byte."""

    content: object
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    drip: float = 0


@dataclasses.dataclass
class Asked:
    """A request: its path, its form and its headers."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]


class FakeProvider:
    """A provider at `issuer`; a test replaces what is in `paths` and `claims`."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        self.reset()

    def reset(self) -> None:
        """Be good again, and forget what was asked."""
        self.asked: list[Asked] = []
        self.keys: list[Key] = [FIRST]
        self.claims: dict[str, object] = {}
        self.codes = {"code"}
        self.tokens: dict[str, object] = {}
        self.discovery: dict[str, object] = {}
        self.paths: dict[str, Answering] = {
            "/.well-known/openid-configuration": lambda _: Said(self.document()),
            "/keys": lambda _: Said({"keys": [each.as_dict(private=False) for each in self.keys]}),
            "/token": self.answer_token,
            "/userinfo": lambda _: Said({"sub": "anna", "groups": ["from-userinfo"]}),
        }

    def document(self) -> dict[str, object]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.discovery,
        }

    def good_claims(self) -> dict[str, object]:
        """What a token says."""
        now = int(time.time())
        good: dict[str, object] = {
            "iss": self.issuer,
            "sub": "anna",
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": QUESTION.nonce,
            "groups": ["reviewers"],
            "preferred_username": "anna@example.com",
        }
        return good | self.claims

    def token(self, algorithm: str = "RS256", key: Any = None, **header: object) -> str:  # noqa: ANN401 -- any key of joserfc
        """Return a signed ID token."""
        signer = key or self.keys[0]
        named = {"kid": signer.kid} if signer.kid else {}
        claims = {n: v for n, v in self.good_claims().items() if v is not None}
        registry = Registry(algorithms=[algorithm], strict_check_header=False)
        return jws.serialize_compact(
            {"alg": algorithm, **named, **header}, json.dumps(claims), signer, registry=registry
        )

    def answer_token(self, asked: Asked) -> Said:
        """Exchange a code once, with the right verifier and secret."""
        if asked.form.get("grant_type") == "authorization_code":
            if asked.form["code"] not in self.codes:
                return Said({"error": "invalid_grant"}, 400)
            self.codes.discard(asked.form["code"])
        id_token = self.tokens.get("id_token") or self.token()
        return Said({"access_token": "at", **self.tokens, "id_token": id_token})

    def settings(self, **other: Any) -> Provider:  # noqa: ANN401 -- any setting
        """Return the settings by which a desk uses it."""
        return Provider(name="company", issuer=self.issuer, client_id=CLIENT_ID, **other)

    def adapter(self, **other: Any) -> Oidc:  # noqa: ANN401 -- any setting
        """Return what a desk uses it by."""
        return adapter_of(self.settings(**other))


def adapter_of(provider: Provider, monotonic: Callable[[], float] = time.monotonic) -> Oidc:
    """Return what a desk uses a provider by."""
    secret = Secret(CLIENT_SECRET)
    client = Client(provider.ca_file) if provider.ca_file else system_client()
    return Oidc(provider, secret, client, MachineClock(), monotonic=monotonic)


@functools.cache
def system_client() -> Client:
    """Return a client that trusts what the system trusts, which takes a while to read."""
    return Client("")


class MachineClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)


def missing(_: Asked) -> Said:
    """There is no such page."""
    return Said({}, 404)


class Handler(BaseHTTPRequestHandler):
    """Answers as the provider of the server says."""

    def do_GET(self) -> None:
        """Answer."""
        self.answer("")

    def do_POST(self) -> None:
        """Answer to a form."""
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def answer(self, body: str) -> None:
        """Note the request, and answer it."""
        provider = cast("Server", self.server).provider
        path = self.path.partition("?")[0]
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        asked = Asked(path, form, dict(self.headers.items()))
        provider.asked.append(asked)
        said = provider.paths.get(path, missing)(asked)
        content = said.content
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        with contextlib.suppress(OSError):
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            for at in range(0, len(data), 1 if said.drip else len(data) or 1):
                time.sleep(said.drip)
                self.wfile.write(data[at : at + (1 if said.drip else len(data))])

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """A server with its provider."""

    daemon_threads = True
    provider: FakeProvider

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that broke off."""


@contextlib.contextmanager
def provider(tls: ssl.SSLContext | None = None) -> Iterator[FakeProvider]:
    """Have a provider on loopback, by http at a number or by https at a name."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.provider = FakeProvider(server)
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            server.provider.issuer = f"https://localhost:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.provider
        finally:
            server.shutdown()
            thread.join()


def challenge_of(verifier: str) -> str:
    """Return the challenge of PKCE for a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
