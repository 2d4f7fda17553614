"""Where a desk may be reached: addresses, TLS, and the operator's socket."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from certdesk.web.admin import uid_in_xucred
from tests.acceptance.processes import certdesk, keys_in, printed, serving
from tests.running import RunningDesk

MIB = 1024 * 1024
LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("listen", "reason"),
    [
        ("0.0.0.0:0", "the desk serves plain HTTP only on loopback"),
        ("127.0.0.1", "must be HOST:PORT"),
        ("127.0.0.1:99999", "must be HOST:PORT"),
        ("no.such.host.invalid:1", "cannot listen on"),
    ],
)
def test_an_address_that_will_not_do_is_refused(data: str, listen: str, reason: str) -> None:
    """Plain HTTP off the loopback above all: exit code 3 and what to do."""
    done = certdesk("serve", "--data", data, "--listen", listen)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: listen: ")
    assert reason in done.stderr


def test_an_address_in_use_is_refused(desk: RunningDesk, data: str) -> None:
    """Exit code 3, and the other server is not disturbed."""
    done = certdesk("serve", "--data", data, "--listen", desk.endpoint)
    assert done.returncode == 3
    assert "cannot listen on" in done.stderr
    assert desk.client().buy()


class Pair:
    """A server's certificate and key in two files, as an operator has them."""

    def __init__(self, folder: Path) -> None:
        """Put the files into `folder`."""
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"

    @property
    def options(self) -> dict[str, str]:
        """The settings that name them."""
        return {"CERTDESK_TLS_CERT": str(self.certificate), "CERTDESK_TLS_KEY": str(self.key)}

    def make(
        self, encryption: KeySerializationEncryption | None = None
    ) -> tuple[bytes, bytes, int]:
        """Make another pair ; give certificate, key and serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([LOOPBACK]), critical=False)
            .sign(key, hashes.SHA256())
        )
        encoded = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
        return certificate.public_bytes(Encoding.PEM), encoded, certificate.serial_number

    def write(self) -> int:
        """Write another pair; give its serial number."""
        certificate, key, serial = self.make()
        self.certificate.write_bytes(certificate)
        self.key.touch(0o600)
        self.key.write_bytes(key)
        return serial


def shown(port: int) -> int:
    """Shake hands with a server; give the serial number of the certificate that it shows."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="desk.example") as secured,
    ):
        encoded = secured.getpeercert(binary_form=True)
    assert encoded is not None
    return x509.load_der_x509_certificate(encoded).serial_number


def test_with_a_certificate_the_desk_is_reached_from_anywhere(data: str, tmp_path: Path) -> None:
    """TLS off the loopback; a changed certificate is loaded in place, half a change is told."""
    pair = Pair(tmp_path)
    first = pair.write()
    words = ["serve", "--data", data, "--listen", "0.0.0.0:0"]
    with serving(tmp_path / "log", *words, variables=pair.options) as served:
        assert served.url.startswith("https://0.0.0.0:")
        port = int(served.url.rpartition(":")[2])
        assert shown(port) == first
        keys = keys_in(printed(certdesk("account", "add", "a", "--data", data)))
        signing = {
            "CERTDESK_SECRET_ID": keys.secret_id,
            "CERTDESK_SECRET_KEY": keys.secret_key,
            "SSL_CERT_FILE": str(pair.certificate),
        }
        endpoint = f"https://127.0.0.1:{port}"
        described = certdesk("call", "DescribeCompanies", "--endpoint", endpoint, variables=signing)
        assert printed(described)["Response"]["TotalCount"] == 0
        certificate, key, second = pair.make()
        pair.certificate.write_bytes(certificate)
        deadline = time.monotonic() + 30
        while "the changed certificate cannot be used" not in served.errors.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert shown(port) == first
        pair.key.write_bytes(key)
        deadline = time.monotonic() + 30
        while shown(port) == first:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert shown(port) == second


def test_a_certificate_that_cannot_be_used_is_told_at_the_start(data: str, tmp_path: Path) -> None:
    """Missing, one file alone, of another key, or encrypted: exit code 3."""
    pair = Pair(tmp_path)
    assert_no_start(data, pair.options)
    assert_no_start(data, {"CERTDESK_TLS_CERT": str(pair.certificate)})
    pair.write()
    other, _, _ = pair.make()
    pair.certificate.write_bytes(other)
    assert_no_start(data, pair.options)
    certificate, key, _ = pair.make(BestAvailableEncryption(b"word"))
    pair.certificate.write_bytes(certificate)
    pair.key.write_bytes(key)
    assert "encrypted" in assert_no_start(data, pair.options)


def assert_no_start(data: str, variables: dict[str, str]) -> str:
    """Try to serve with a certificate; give what is told instead."""
    done = certdesk("serve", "--data", data, "--listen", "0.0.0.0:0", variables=variables)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: tls.cert and tls.key")
    return done.stderr


# --- the operator's socket ----------------------------------------------------------------------


def test_the_socket_is_the_operators_alone(desk: RunningDesk) -> None:
    """Nobody else can reach the operator's actions, and the API does not have them."""
    assert (desk.folder / "admin.sock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Exception, match="InvalidAction"):
        desk.client().call("ListAccounts")


def test_what_is_no_request_does_not_disturb_the_socket(desk: RunningDesk) -> None:
    """Junk, endless lines and clients that hang up leave the operator's way in open."""
    for junk in (
        b"",
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"{}\n",
        b'{"Action": 1}\n',
        b"a" * 2 * MIB,
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(desk.folder / "admin.sock"))
            client.settimeout(20)
            try:
                client.sendall(junk)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass
    assert desk.account().secret_id


@pytest.mark.parametrize("kind", ["file", "folder", "link", "missing folder"])
def test_what_is_no_socket_is_left_as_it_is(data: str, tmp_path: Path, kind: str) -> None:
    """A file that admin.socket names by mistake is not removed: exit code 3, and why."""
    named, kept = tmp_path / "named", tmp_path / "kept"
    kept.write_text("kept")
    if kind == "file":
        named.write_text("kept")
    elif kind == "folder":
        named.mkdir()
    elif kind == "link":
        named.symlink_to(kept)
    else:
        named = named / "admin.sock"
    words = ("serve", "--data", data, "--listen", "127.0.0.1:0")
    done = certdesk(*words, variables={"CERTDESK_ADMIN_SOCKET": str(named)})
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[-1].startswith(f"certdesk: admin.socket: {named} ")
    assert kept.read_text() == "kept"
    assert named.exists() == (kind != "missing folder")


def test_a_second_desk_does_not_take_the_socket_of_the_first(desk: RunningDesk, data: str) -> None:
    """It is refused, and the first one is asked as before."""
    path = str(desk.folder / "admin.sock")
    words = ("serve", "--data", data, "--listen", "127.0.0.1:0")
    done = certdesk(*words, variables={"CERTDESK_ADMIN_SOCKET": path})
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[-1].startswith(
        f"certdesk: admin.socket: another desk answers at {path}"
    )
    assert desk.account().secret_id


def test_a_socket_that_was_left_over_makes_way(tmp_path: Path) -> None:
    """And at its end the desk leaves alone what has taken the place of its own."""
    path, data = tmp_path / "left.sock", tmp_path / "data"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    words = ["serve", "--data", str(data), "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "log", *words, variables={"CERTDESK_ADMIN_SOCKET": str(path)}):
        assert path.is_socket()
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"


def test_macos_tells_the_user_of_a_peer() -> None:
    """In `struct xucred`: version, user, number of groups, sixteen groups."""
    told = struct.pack("=II", 0, 501) + struct.pack("=hxx", 1) + struct.pack("=16I", *range(16))
    assert uid_in_xucred(told) == 501
