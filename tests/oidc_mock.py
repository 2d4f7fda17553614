"""oidc-provider-mock from PyPI in a process of its own, on a free port of the loopback."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from certdesk.domain.people.provider import Provider
from tests.ports import free_port

OIDC = Path(__file__).resolve().parents[1] / ".venv" / "oidc"
START_SECONDS = 30
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class OidcMock:
    """A provider whose people and groups a test sets."""

    def __init__(self, port: int) -> None:
        self.place = f"127.0.0.1:{port}"

    @property
    def issuer(self) -> str:
        """Its issuer."""
        return f"http://{self.place}"

    def settings(self, **other: object) -> Provider:
        """Return the settings by which a desk uses it."""
        made = {"name": "company", "issuer": self.issuer, "client_id": "desk"}
        return Provider(**(made | other))  # type: ignore[arg-type]  # settings of any type

    def set_person(self, subject: str, *groups: str) -> None:
        """Have a person with these groups."""
        self._ask("PUT", f"/users/{subject}", json.dumps({"groups": groups}), "application/json")

    def revoke(self, subject: str) -> None:
        """Take back all tokens of a person."""
        self._ask("POST", f"/users/{subject}/revoke-tokens", "", "application/json")

    def sign_in(self, address: str, subject: str) -> dict[str, str]:
        """Sign a person in at the address; return what the browser brings back."""
        url = urlsplit(address)
        assert url.netloc == self.place
        form = urlencode({"sub": subject})
        location = self._ask("POST", f"{url.path}?{url.query}", form, FORM["Content-Type"])
        return dict(parse_qsl(urlsplit(location).query))

    def answers(self) -> bool:
        """Return whether it has started."""
        with contextlib.suppress(OSError):
            self._ask("GET", "/jwks", "", "application/json")
            return True
        return False

    def _ask(self, method: str, path: str, body: str, kind: str) -> str:
        connection = http.client.HTTPConnection(self.place, timeout=START_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status < http.client.BAD_REQUEST, said
            return answer.headers.get("Location", "")


@contextlib.contextmanager
def oidc_mock(folder: Path, people: Mapping[str, tuple[str, ...]]) -> Iterator[OidcMock]:
    """Have a provider with these people and their groups."""
    port = free_port()
    mock = OidcMock(port)
    log = folder / "oidc.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
            env=os.environ | {"PYTHONPATH": str(OIDC)},
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not mock.answers():
            started = process.poll() is None and time.monotonic() < until
            assert started, log.read_text()
            time.sleep(0.05)
        for subject, groups in people.items():
            mock.set_person(subject, *groups)
        yield mock
    finally:
        process.terminate()
        process.wait()
