"""The program that others test against: moto's ACM, as it comes from PyPI.

It has an environment of its own, made from `requirements/bench.txt` when it is first needed: what
it brings along has no place in the desk's.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.servers import whole

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


def environment(folder: Path) -> Path:
    """Give the Python of an environment with moto in it, made if it is not there or is another."""
    python, stamp = folder / "bin" / "python", folder / "lock.txt"
    if not stamp.exists() or stamp.read_text() != LOCK.read_text():
        print("Installing moto …")
        subprocess.run([*UV, "venv", "--clear", "--python", sys.executable, folder], check=True)
        sync = ("pip", "sync", "--require-hashes", "--no-build", "--python")
        subprocess.run([*UV, *sync, python, LOCK], check=True)
        stamp.write_text(LOCK.read_text())
    return python


@contextlib.contextmanager
def rival_up(folder: Path) -> Iterator[tuple[str, int]]:
    """Run moto's server; give its endpoint and its process id."""
    command = [str(environment(folder)), "-m", "moto.server", "-p", "0"]
    log = folder.with_suffix(".log")
    with log.open("w") as told, subprocess.Popen(command, stdout=told, stderr=told) as process:
        try:
            yield _address(log, process), process.pid
        finally:
            process.terminate()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    while process.poll() is None:
        if (said := ADDRESS.search(log.read_text())) is not None:
            return said[1]
        time.sleep(0.1)
    raise RuntimeError(f"moto has not started: {log} says why")


def requests(count: int) -> list[bytes]:
    """Write requests for a certificate each; moto makes a key and a certificate for it."""
    return [
        whole(HEADERS, json.dumps({"DomainName": f"host-{number}.example.com"}).encode())
        for number in range(count)
    ]
