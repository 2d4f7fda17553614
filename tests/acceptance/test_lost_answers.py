"""A server that dies under an operator's command: nothing is done twice unnoticed."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.processes import certdesk, names_of

TAKEN_IN_HAND = b"\n"


@contextlib.contextmanager
def dying_server(folder: Path, last_words: bytes) -> Iterator[None]:
    """Take one request on the desk's socket, say something, and be gone."""
    path = folder / "admin.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(30)

        def take_one() -> None:
            connection, _ = listener.accept()
            with connection:
                while not connection.recv(65536).endswith(b"\n"):
                    pass
                path.unlink()
                connection.sendall(last_words)

        thread = threading.Thread(target=take_one)
        thread.start()
        yield
        thread.join()


def test_a_request_that_was_taken_in_hand_is_not_repeated(tmp_path: Path) -> None:
    """Whether it was done nobody knows: exit code 3, and the person is asked to look."""
    with dying_server(tmp_path, TAKEN_IN_HAND):
        done = certdesk("account", "add", "once", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert "check whether it did what you requested" in done.stderr
    certdesk("account", "add", "after it", "--data", str(tmp_path))
    assert names_of(str(tmp_path)) == ["after it"]


def test_a_request_that_nobody_took_in_hand_is_carried_out_without_the_server(
    tmp_path: Path,
) -> None:
    """The server was about to end and had not read it: the command does it itself, once."""
    with dying_server(tmp_path, b""):
        done = certdesk("account", "add", "once", "--data", str(tmp_path))
    assert done.returncode == 0, done.stderr
    listed = json.loads(certdesk("account", "list", "--data", str(tmp_path)).stdout)
    assert [each["Uin"] for each in listed] == [json.loads(done.stdout)["Uin"]]
