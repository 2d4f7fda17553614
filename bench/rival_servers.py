"""Other programs that issue certificates, each as its makers ship it.

moto comes from PyPI and has an environment of its own, made from `requirements/bench.txt` when it
is first needed: what it brings along has no place in the desk's. Pebble and Caddy come from Debian.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.machine import on, serving
from bench.servers import Program, Server, whole
from tests.ports import free_port
from tools.servers import find

LOCK = Path(__file__).parents[1] / "requirements" / "bench.txt"
UV = (str(Path(sys.executable).with_name("uv")), "--quiet")
ADDRESS = re.compile(r"Running on http://(\S+)")
HEADERS = {
    "Host": "127.0.0.1",
    "X-Amz-Target": "CertificateManager.RequestCertificate",
    "Content-Type": "application/x-amz-json-1.1",
    # Its region and service count; nobody looks at the signature.
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/acm/aws4_request, "
    "SignedHeaders=host, Signature=00",
}
PEBBLE = {
    # It sleeps, refuses good nonces and reuses proofs at random unless it is told not to.
    "PEBBLE_VA_NOSLEEP": "1",
    "PEBBLE_WFE_NONCEREJECT": "0",
    "PEBBLE_AUTHZREUSE": "0",
}
CADDYFILE = """{{
	admin off
	skip_install_trust
	auto_https disable_redirects
	http_port {other}
	https_port {port}
	storage file_system {folder}/kept
}}
https://127.0.0.1:{port} {{
	bind 127.0.0.1
	tls internal
	acme_server
}}
"""
CADDY_HTTP_PORT = 80
"""Where Caddy's server looks for proofs; no setting moves it."""

START_SECONDS = 30


def has(program: str) -> bool:
    """Tell whether a program is installed."""
    return find(program) is not None


def may_answer_caddy() -> bool:
    """Tell whether proofs can be shown where Caddy looks for them."""
    with contextlib.suppress(OSError), socket.create_server(("127.0.77.1", CADDY_HTTP_PORT)):
        return True
    return False


def moto_python(folder: Path) -> Path:
    """Return the Python of an environment with moto in it, made if it is not there or old."""
    python, stamp = folder / "bin" / "python", folder / "lock.txt"
    if not stamp.exists() or stamp.read_text() != LOCK.read_text():
        print("Installing moto …")
        subprocess.run([*UV, "venv", "--clear", "--python", sys.executable, folder], check=True)
        sync = ("pip", "sync", "--require-hashes", "--no-build", "--python")
        subprocess.run([*UV, *sync, python, LOCK], check=True)
        stamp.write_text(LOCK.read_text())
    return python


@contextlib.contextmanager
def moto_up(folder: Path) -> Iterator[Server]:
    """Run moto's server."""
    command = [str(moto_python(folder)), "-m", "moto.server", "-p", "0"]
    log = folder.with_suffix(".log")
    with _started(command, log, {}) as process:
        for _ in _waiting(process, log):
            if (said := ADDRESS.search(log.read_text())) is not None:
                yield Server(Program(said[1], process.pid))
                return


def moto_requests(count: int) -> list[bytes]:
    """Write requests for a certificate each; moto makes a key and a certificate for it."""
    return [
        whole(HEADERS, json.dumps({"DomainName": f"host-{number}.example.com"}).encode())
        for number in range(count)
    ]


@contextlib.contextmanager
def pebble_up(folder: Path, http_port: int) -> Iterator[tuple[str, Server]]:
    """Run Pebble, which looks for proofs at a port; return its directory's URL, and it."""
    folder.mkdir()
    port = free_port()
    _self_signed(folder)
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": "",
        "certificate": f"{folder}/certificate.pem",
        "privateKey": f"{folder}/key.pem",
        "httpPort": http_port,
        "tlsPort": http_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    command = [find("pebble") or "pebble", "-config", f"{folder}/pebble.json"]
    with _listening(command, folder / "log", PEBBLE, port) as server:
        yield f"https://127.0.0.1:{port}/dir", server


@contextlib.contextmanager
def caddy_up(folder: Path) -> Iterator[tuple[str, Server]]:
    """Run Caddy's ACME server, which is step-ca's code; return its directory's URL, and it."""
    folder.mkdir()
    port, other = free_port(), free_port()
    (folder / "Caddyfile").write_text(CADDYFILE.format(port=port, other=other, folder=folder))
    command = [find("caddy") or "caddy", "run", "--config", f"{folder}/Caddyfile"]
    places = {"XDG_DATA_HOME": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config"}
    with _listening(command, folder / "log", places, port) as server:
        yield f"https://127.0.0.1:{port}/acme/local/directory", server


def _self_signed(folder: Path) -> None:
    """Make a certificate for a server's own TLS."""
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem")
    command = [find("openssl") or "openssl", "req", "-x509", *key, *names, *files]
    subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def _listening(
    command: Sequence[str], log: Path, more: Mapping[str, str], port: int
) -> Iterator[Server]:
    with _started(command, log, more) as process:
        for _ in _waiting(process, log):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
        yield Server(Program(f"127.0.0.1:{port}", process.pid))


@contextlib.contextmanager
def _started(
    command: Sequence[str], log: Path, more: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on a server's core."""
    with (
        log.open("w") as told,
        on(serving()),
        subprocess.Popen(command, stdout=told, stderr=told, env=os.environ | more) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def _waiting(process: subprocess.Popen[bytes], log: Path) -> Iterator[None]:
    """Come back again and again while a program starts.

    Raises:
        RuntimeError: it has ended, or takes too long.
    """
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} has not started: {log.read_text()[-1_000:]}")
