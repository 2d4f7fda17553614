"""nginx and HAProxy before a desk, as the guide configures them."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests import nginx, programs
from tests.pasting import ROOT
from tests.ports import free_port

PAGE = ROOT / "docs" / "guide" / "network.md"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files of a proxy: its certificate with the chain, the key, and both in one."""

    chain: Path
    key: Path
    both: Path


def block(language: str) -> str:
    """Take the one block of the guide in a language."""
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return str(found)


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Put what a test has in the place of what the guide names, each of which has to be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def nginx_before(endpoint: str, folder: Path, tls: Tls, *, keep_host: bool = True) -> Iterator[str]:
    """Run nginx before a desk; give its HOST:PORT. Without `keep_host` it sends its own name."""
    port = free_port()
    text = changed(
        block("nginx"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8080", endpoint),
        ("/etc/ssl/desk.pem", str(tls.chain)),
        ("/etc/ssl/desk.key", str(tls.key)),
    )
    if not keep_host:
        text = changed(
            text,
            ("proxy_set_header Host $http_host;", ""),
            ("http://desks", f"http://{endpoint}"),
        )
    folder.mkdir()
    nginx.write(folder, text)
    with nginx.serving(folder, port) as line:
        line.close()
        yield f"localhost:{port}"


@contextlib.contextmanager
def haproxy_before(endpoint: str, folder: Path, tls: Tls) -> Iterator[str]:
    """Run HAProxy before a desk; give its HOST:PORT. Its own words are at `haproxy.sock`."""
    port = free_port()
    text = changed(
        block("haproxy"),
        ("bind :443 ", f"bind 127.0.0.1:{port} "),
        ("127.0.0.1:8080", endpoint),
        ("/etc/haproxy/desk.pem", str(tls.both)),
    )
    folder.mkdir()
    # It warns of a default that the guide leaves to the package's own file.
    own = (
        f"global\n    stats socket {folder / 'haproxy.sock'}\n    tune.ssl.default-dh-param 2048\n"
    )
    (folder / "haproxy.cfg").write_text(own + text)
    command = [programs.path_of("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            nginx.connected(process, port).close()
            yield f"localhost:{port}"
        finally:
            process.terminate()
            process.communicate()
