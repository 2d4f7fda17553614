"""nginx with a certificate of the desk's, as its users run it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests import programs
from tests.ports import free_port

MAIN = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  {blocks}
}}
"""
SERVER = """server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{ return 204; }}
  }}"""


def configure(folder: Path, certificate: Path, key: Path) -> int:
    """Write a configuration into a folder; give the port that it will listen at."""
    port = free_port()
    write(folder, SERVER.format(certificate=certificate, key=key, port=port))
    return port


def write(folder: Path, blocks: str) -> None:
    """Write a configuration with some blocks of `http` that needs nothing outside its folder."""
    (folder / "nginx.conf").write_text(MAIN.format(blocks=blocks))


def words(folder: Path) -> list[str]:
    """Give the options with which nginx reads the configuration of a folder."""
    return ["-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"]


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Iterator[socket.socket]:
    """Run nginx, and connect to it as soon as it listens."""
    command = [programs.path_of("nginx"), *words(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            yield connected(process, port)
        finally:
            process.terminate()
            process.communicate()


def connected(process: subprocess.Popen[bytes], port: int) -> socket.socket:
    """Try until a process answers at a port, or has ended."""
    while process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port))
    raise AssertionError(process.stderr and process.stderr.read().decode())
