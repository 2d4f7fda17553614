"""A desk with certificates to be handed over, and the ways to ask for them."""

from __future__ import annotations

import base64
import dataclasses
import http.client
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.deliveries import members
from tests.issued import issue
from tests.running import Client, Keys, RunningDesk

CSR = Path(__file__).parents[1] / "data" / "uploaded_csr.pem"
KEY_PASS = "12345678"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A desk with an account and four orders, of which three are issued.

    For `online` and `passed` the desk made the key, and `passed` has the customer's pass phrase;
    for `parsed` the customer has it. `bought` has no certificate yet.
    """

    desk: RunningDesk
    keys: Keys
    online: str
    passed: str
    parsed: str
    bought: str

    @property
    def client(self) -> Client:
        """The SDK with the account's key."""
        return self.desk.client(self.keys)

    def allowed(self, *actions: str, **limits: Any) -> Client:  # noqa: ANN401 -- as `bind`
        """The SDK with the key of a new user who may do `actions`."""
        user = self.desk.user(self.keys)
        self.desk.bind(user, "allow", *actions, **limits)
        return self.desk.client(user.keys)

    def noted(self, certificate_id: str) -> list[dict[str, Any]]:
        """Give the downloads of a certificate that the operate log shows, newest first."""
        logs = self.client.call("DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
        return [one for one in logs if (one["CertId"], one["Type"]) == (certificate_id, "download")]


def set_up(desk: RunningDesk) -> Place:
    """Open an account, and have three orders of it issued."""
    keys = desk.account()
    client = desk.client(keys)
    online, passed, parsed, bought = (client.buy() for _ in range(4))
    client.submit(online, CertCommonName="www.example.com")
    client.submit(passed, KeyPass=KEY_PASS)
    own = {"GenCsrType": "parse", "Csr": CSR.read_text(), "CertCommonName": "tencent.com"}
    client.submit(parsed, **own)
    issue(desk, keys, online, passed, parsed)
    return Place(desk=desk, keys=keys, online=online, passed=passed, parsed=parsed, bought=bought)


def download(client: Client, certificate_id: str) -> dict[str, bytes]:
    """Download a certificate; give the files of the zip by name."""
    reply = client.call("DownloadCertificate", CertificateId=certificate_id)
    assert reply["ContentType"] == "application/zip"
    return members(base64.b64decode(reply["Content"], validate=True))


def link(client: Client, certificate_id: str, kind: str | None = None) -> tuple[str, str]:
    """Ask for a link; give it, and the name of the file."""
    chosen = {} if kind is None else {"ServiceType": kind}
    reply = client.call("DescribeDownloadCertificateUrl", CertificateId=certificate_id, **chosen)
    return reply["DownloadCertificateUrl"], reply["DownloadFilename"]


def fetch(url: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Follow a link; give status, headers by their names in small letters, and body."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc)) as connection:
        connection.request(method, parts.path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
