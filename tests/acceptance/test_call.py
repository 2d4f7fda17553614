"""`certdesk call`, from end to end: a signed request from the shell."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from pathlib import Path

from tests.acceptance.processes import certdesk, printed, serving
from tests.acceptance.test_listening import Pair
from tests.running import Keys, RunningDesk


def call(
    desk: RunningDesk, keys: Keys, *words: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `certdesk call` with these keys on this desk."""
    signing = {"CERTDESK_SECRET_ID": keys.secret_id, "CERTDESK_SECRET_KEY": keys.secret_key}
    return certdesk("call", *words, "--endpoint", desk.url, text=text, variables=signing)


def test_a_call_takes_its_parameters_from_everywhere(desk: RunningDesk, tmp_path: Path) -> None:
    """As an argument, from a file, from standard input, or none at all."""
    keys = desk.account()
    company = desk.company(keys)
    file = tmp_path / "parameters.json"
    file.write_text(json.dumps({"CompanyId": company}))
    for words, text in (
        (["DescribeCompanies"], None),
        (["DescribeCompanies", file.read_text()], None),
        (["DescribeCompanies", f"@{file}"], None),
        (["DescribeCompanies", "-"], file.read_text()),
    ):
        response = printed(call(desk, keys, *words, text=text))["Response"]
        assert response["TotalCount"] == 1


def test_a_call_that_is_refused_prints_the_refusal_and_fails(desk: RunningDesk) -> None:
    """The reply is on stdout as it came, and the exit code is 1."""
    keys = desk.account()
    for words, code in (
        (["DescribeCompanies", '{"Limit": -1}'], "InvalidParameterValue"),
        (["DescribeCompanies", '{"Limit": "\\ud800"}'], "InvalidParameter"),
        (["Nothing"], "InvalidAction"),
    ):
        done = call(desk, keys, *words)
        assert (done.returncode, done.stderr) == (1, "")
        assert json.loads(done.stdout)["Response"]["Error"]["Code"] == code


def test_a_call_without_keys_or_without_a_desk_says_so() -> None:
    """Exit code 3: there was nobody to refuse it."""
    keys = {"CERTDESK_SECRET_ID": "a", "CERTDESK_SECRET_KEY": "b"}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        silent = threading.Thread(target=hang_up, args=[other, b"SSH-2.0-none\r\n"])
        silent.start()
        for endpoint, variables in (
            ("http://127.0.0.1:9", {}),
            ("http://127.0.0.1:9", keys),
            ("127.0.0.1:9", keys),
            ("http://127.0.0.1:port", keys),
            (f"http://127.0.0.1:{port}", keys),
        ):
            done = certdesk(
                "call", "DescribeCompanies", "--endpoint", endpoint, variables=variables
            )
            assert (done.returncode, done.stdout) == (3, "")
            assert done.stderr.startswith("certdesk: ")
            assert "Traceback" not in done.stderr
        silent.join()


def hang_up(listener: socket.socket, words: bytes) -> None:
    """Take one connection, say something that is no HTTP, and close it."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(words)


def test_a_call_that_speaks_the_wrong_way_says_which_is_right(tmp_path: Path) -> None:
    """HTTP to a desk with TLS, the other way round, and TLS by a root that is not known here."""
    keys = {"CERTDESK_SECRET_ID": "a", "CERTDESK_SECRET_KEY": "b"}
    pair = Pair(tmp_path)
    pair.write()
    words = ["--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"]
    with (
        serving(tmp_path / "plain", "sandbox", *words[2:]) as plain,
        serving(tmp_path / "tls", "serve", *words, variables=pair.options) as secure,
    ):
        told = {
            endpoint: certdesk("call", "X", "--endpoint", endpoint, variables=keys).stderr
            for endpoint in (
                f"https://{plain.endpoint}",
                f"http://{secure.endpoint}",
                f"https://{secure.endpoint}",
            )
        }
    assert [text.rstrip().partition("; ")[2] for text in told.values()] == [
        "a desk without TLS answers at http://",
        "a desk with TLS answers at https://",
        "if it comes from a private CA, set SSL_CERT_FILE to the file with its root",
    ]
    assert "Errno" not in "".join(told.values())
