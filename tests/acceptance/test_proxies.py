"""A desk behind nginx and HAProxy as the guide has them, and clients that know a private CA."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import certifi
import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certdesk.domain.values.keys import KeyKind
from tests import chains
from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.watching import until
from tests.clients import jobs
from tests.clients.jobs import Job
from tests.programs import ended
from tests.proxies import PAGE, Tls, haproxy_before, nginx_before
from tests.running import Keys, RunningDesk, running
from tests.web.raw import Answer, Wire, request

pytestmark = [pytest.mark.needs("nginx"), pytest.mark.needs("haproxy")]

SETTINGS = f"""
http = {{ hosts = ["desk.example.com"], proxies = ["127.0.0.1/32"], wrong_per_minute = 0 }}
{NO_RSA_STOCK}"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A desk, where each proxy before it answers, and the root that signed their certificate."""

    desk: RunningDesk
    keys: Keys
    roots: Path
    proxies: dict[str, str]
    haproxy: Path

    def job(self, proxy: str, roots: Path | None = None) -> Job:
        """Return a call through a proxy."""
        return Job(
            endpoint=self.proxies[proxy],
            protocol="https",
            secret_id=self.keys.secret_id,
            secret_key=self.keys.secret_key,
            region="ap-guangzhou",
            action="DescribeCompanies",
            roots=str(roots) if roots else None,
        )


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate of a private CA for this machine."""
    folder = tmp_path_factory.mktemp("tls")
    key = chains.key_of(KeyKind.P_256)
    chain = chains.pem(chains.leaf(key, "localhost"), chains.intermediate().certificate)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private = key.private_bytes(*form).decode()
    made = Tls(chain=folder / "desk.pem", key=folder / "desk.key", both=folder / "both.pem")
    for file, text in ((made.chain, chain), (made.key, private), (made.both, chain + private)):
        file.write_text(text)
    (folder / "roots.pem").write_text(chains.pem(chains.root().certificate))
    return made


@pytest.fixture(scope="module")
def behind(tls: Tls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A desk behind both."""
    folder = tmp_path_factory.mktemp("behind")
    with contextlib.ExitStack() as opened:
        desk = opened.enter_context(running(folder / "desk", settings=SETTINGS))
        before = {
            "nginx": nginx_before(desk.endpoint, folder / "nginx", tls),
            "haproxy": haproxy_before(desk.endpoint, folder / "haproxy", tls),
        }
        yield Behind(
            desk=desk,
            keys=desk.account(),
            roots=tls.chain.with_name("roots.pem"),
            proxies={name: opened.enter_context(each) for name, each in before.items()},
            haproxy=folder / "haproxy" / "haproxy.sock",
        )


each_proxy = pytest.mark.parametrize("proxy", ["nginx", "haproxy"])


@each_proxy
def test_the_python_sdk_comes_through_by_the_line_of_the_guide(behind: Behind, proxy: str) -> None:
    """And is stopped by the certificate without it."""
    assert 'certification="roots.pem"' in PAGE.read_text("utf-8")
    known, unknown = jobs.python_sdk().run([behind.job(proxy, behind.roots), behind.job(proxy)])
    assert known.reply is not None
    assert known.reply["TotalCount"] == 0
    assert "CERTIFICATE_VERIFY_FAILED" in unknown.message


@each_proxy
@pytest.mark.needs("node")
def test_the_node_sdk_comes_through_by_the_line_of_the_guide(behind: Behind, proxy: str) -> None:
    """And is stopped by the certificate without it."""
    assert "`NODE_EXTRA_CA_CERTS=roots.pem node app.js`" in PAGE.read_text("utf-8")
    client = jobs.node("sdk")
    more = {**client.environment, "NODE_EXTRA_CA_CERTS": str(behind.roots)}
    (known,) = dataclasses.replace(client, environment=more).run([behind.job(proxy)])
    (unknown,) = client.run([behind.job(proxy)])
    assert known.reply is not None
    assert known.reply["TotalCount"] == 0
    assert "certificate" in unknown.message


def test_tccli_comes_through_by_the_line_of_the_guide(behind: Behind, tmp_path: Path) -> None:
    """In an environment whose list of roots may be changed: here a copy of it."""
    line = """cat roots.pem >> "$(python -c 'import certifi; print(certifi.where())')\""""
    assert f"`{line}`" in PAGE.read_text("utf-8")
    shutil.copytree(str(files(certifi)), tmp_path / "certifi")
    shutil.copy(behind.roots, tmp_path)
    environment = os.environ | {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path),
        "TENCENTCLOUD_SECRET_ID": behind.keys.secret_id,
        "TENCENTCLOUD_SECRET_KEY": behind.keys.secret_key,
    }
    place = ["--endpoint", behind.proxies["nginx"], "--region", "ap-guangzhou"]

    def companies() -> str:
        command = ["tccli", "ssl", "DescribeCompanies", *place]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
        )
        return done.stdout + done.stderr

    first = companies()
    assert "CERTIFICATE_VERIFY_FAILED" in first, first
    subprocess.run(["/bin/sh", "-c", line], env=environment, check=True, cwd=tmp_path)
    assert json.loads(companies())["TotalCount"] == 0


@each_proxy
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_stranger_is_not_told_how_the_desk_is(behind: Behind, proxy: str, path: str) -> None:
    """Though the proxy is on the desk's own machine."""
    url = f"https://{behind.proxies[proxy]}{path}"
    assert requests.get(url, verify=str(behind.roots), timeout=60).status_code == 404


SPELLINGS = ["/%68ealthz", "/ready%7A", "/%6Detrics", "/metrics/", "//metrics"]


@each_proxy
@pytest.mark.parametrize("path", SPELLINGS)
def test_another_spelling_does_not_tell_it_either(behind: Behind, proxy: str, path: str) -> None:
    """Nor does it lead anywhere."""
    with Wire(behind.desk.endpoint) as wire:
        wire.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert wire.answer().status in {404, 421}
    assert by_proxy(behind, proxy, path) == 404


def by_proxy(behind: Behind, proxy: str, path: str) -> int:
    """Ask for a path as it is spelt, and return the status."""
    trusted = ssl.create_default_context(cafile=str(behind.roots))
    line = http.client.HTTPSConnection(behind.proxies[proxy], timeout=60, context=trusted)
    with contextlib.closing(line):
        line.request("GET", path)
        return line.getresponse().status


def test_haproxy_finds_the_desk_up(behind: Behind) -> None:
    """By a check that names no host."""
    until(lambda: ",L7OK,200," in asked(behind.haproxy, "show stat"))


def asked(place: Path, command: str) -> str:
    """Ask HAProxy at its socket."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(place))
        line.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


@pytest.mark.parametrize(
    "host", ["desk.example.com", "ssl.tencentcloudapi.com"], ids=["the desk's", "the vendor's"]
)
def test_the_log_says_that_host_was_changed_on_the_way(behind: Behind, host: str) -> None:
    """With what was signed and what came; the client learns no more than that it is wrong."""
    answer = sent_with_another_host(behind, host)
    assert answer.code == "AuthFailure.SignatureFailure"
    assert host not in answer.body.decode()

    until(lambda: f'"signed": "{host}"' in behind.desk.log)
    (line,) = [line for line in behind.desk.log.splitlines() if f'"signed": "{host}"' in line]
    told = json.loads(line)
    assert told["event"] == "a signature is wrong because something changed Host on the way"
    assert (told["host"], told["level"]) == ("127.0.0.1", "warning")


def test_a_changed_host_that_the_desk_does_not_know_is_told_as_what_it_may_be(
    behind: Behind,
) -> None:
    """As far as the request shows that there is a proxy; each wrong signature has its Host."""
    sent_with_another_host(behind, "unheard.of.example", "Via: 1.1 somewhere")
    until(lambda: "behind a proxy, which may have changed Host" in behind.desk.log)
    last = [line for line in behind.desk.log.splitlines() if '"event": "request"' in line][-1]
    assert json.loads(last)["host"] == "127.0.0.1"


def sent_with_another_host(behind: Behind, signed: str, *more: str) -> Answer:
    """Send a request that was signed for a host, as a proxy does that puts the desk's address."""
    desk = behind.desk.endpoint
    whole = request(signed, behind.keys, "DescribeCompanies", b"{}", *more)
    with Wire(desk) as wire:
        wire.send(whole.replace(f"Host: {signed}".encode(), f"Host: {desk}".encode(), 1))
        return wire.answer()


def test_nginx_that_is_not_told_to_keep_host_is_told_of(
    behind: Behind, tls: Tls, tmp_path: Path
) -> None:
    """Without its line of the guide."""
    before = behind.desk.log.count("because something changed Host on the way")
    with nginx_before(behind.desk.endpoint, tmp_path / "nginx", tls, keep_host=False) as place:
        body = json.dumps({"Limit": 1})
        done = ended(
            str(Path(sys.executable).with_name("certdesk")),
            *("call", "DescribeCompanies", body, "--endpoint", f"https://{place}"),
            env={
                "SSL_CERT_FILE": str(behind.roots),
                "CERTDESK_SECRET_ID": behind.keys.secret_id,
                "CERTDESK_SECRET_KEY": behind.keys.secret_key,
            },
        )
    assert "AuthFailure.SignatureFailure" in done.stdout + done.stderr
    until(lambda: "which may have changed Host" in behind.desk.log)
    assert behind.desk.log.count("because something changed Host on the way") == before
