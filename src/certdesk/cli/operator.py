"""The carrying out of an operator's action: in the running server or, if none runs, here."""

from __future__ import annotations

import io
import json
import os
import socket
import time
from typing import Any

from certdesk.cli import prepare_imports
from certdesk.cli.common import REFUSED, UNREACHABLE, fail
from certdesk.parsing.memory import hide_memory
from certdesk.settings import Settings
from certdesk.storage.places import PlaceUnsafe, check_folder
from certdesk.web.socket_address import socket_address

LINE_LIMIT = 1024 * 1024
"""The most bytes of a request, with and without the socket."""

PATIENCE_SECONDS = 20
"""How long to wait for a desk that is starting or ending."""


LEFT_BEHIND_SECONDS = 5
"""How long to wait for processes to end whose parent was killed: they do so at once, or hang."""

HANGING_SECONDS = 10
"""How long a desk that runs may say nothing: it says at least every few seconds that it works."""


CHECK_AFTERWARDS = "check whether it did what you requested"


class NoDesk(Exception):
    """No desk can carry the action out; the text says why, and `cause` is the error, if known."""

    def __init__(self, text: str, cause: Exception | None = None) -> None:
        """Store both."""
        self.cause = cause
        super().__init__(text)


class NoDeskYet(NoDesk):
    """There is no desk in the folder."""


class DeskHangs(NoDesk):
    """The desk's process is there, but does not answer."""


BEGINNINGS = frozenset({"AddAccount", "BlockKeys", "DescribeAuthorities"})
"""The actions that create a desk if there is none. All others need one."""


def ask(settings: Settings, action: str, /, **parameters: object) -> dict[str, Any]:
    """Carry out an internal action; return the members of its `Response`, or end the command."""
    try:
        return attempt(settings, action, **parameters)
    except NoDesk as error:
        fail(str(error), UNREACHABLE)


def attempt(settings: Settings, action: str, /, **parameters: object) -> dict[str, Any]:
    """Carry out an internal action; return the members of its `Response`.

    Raises:
        NoDesk: the desk cannot be opened or reached.
        NoDeskYet: there is none, and this action does not create one.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    line = json.dumps({"Action": action, "Parameters": given}).encode() + b"\n"
    if len(line) > LINE_LIMIT:
        fail(f"the request is too large: the desk accepts at most {LINE_LIMIT} bytes", REFUSED)
    begin = time.monotonic()
    while True:
        reply = _by_socket(settings, line) or _alone(settings, action, line, begin)
        if reply is not None:
            response = json.loads(reply)["Response"]
            assert isinstance(response, dict)  # noqa: S101 - the envelope's shape
            return response
        time.sleep(0.05)


def _by_socket(settings: Settings, line: bytes) -> bytes | None:
    """Ask the running server; return None if no server accepts the request.

    Raises:
        NoDesk: this user may not, or the server hangs or ended.
    """
    _check_socket(settings)
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as answer:
        client.settimeout(HANGING_SECONDS)
        try:
            with socket_address(settings.socket_path) as address:
                client.connect(address)
            client.sendall(line)
            taken_in_hand = answer.readline()
        except PermissionError as error:
            raise NoDesk(
                f"your user may not use {settings.socket_path}. The desk's own user and the "
                "group in admin.group may use it"
            ) from error
        except (TimeoutError, BlockingIOError) as error:
            raise _hangs(settings) from error
        except OSError:
            return None
        return _reply(settings, answer) if taken_in_hand else None


def _hangs(settings: Settings, further: str = "") -> DeskHangs:
    """Return the error that the server does not answer, which names its process."""
    prepare_imports()
    from certdesk.bootstrap.database import lock_file  # noqa: PLC0415 -- this error alone needs it
    from certdesk.storage.lock import owner_of  # noqa: PLC0415 -- as above

    owner = owner_of(lock_file(settings))
    process = f"; its process is {owner}" if owner else ""
    return DeskHangs(f"the desk in {settings.data} does not answer{process}{further}")


def _check_socket(settings: Settings) -> None:
    """Check that the socket is the desk's, since requests may be secret.

    If the folder was named explicitly, its owner counts as the desk's user; root and members of
    `admin.group` trust that owner.

    Raises:
        NoDesk: other users could put their own socket there.
    """
    folder = settings.socket_path.parent
    named = settings.admin_socket or settings.data != Settings().data
    try:
        check_folder(folder, also=folder.stat().st_uid if named and folder.exists() else None)
    except OSError:
        return  # Without access, opening it gives the error.
    except PlaceUnsafe as error:
        if not isinstance(error.__cause__, PermissionError):
            raise NoDesk(str(error), error) from error


def _reply(settings: Settings, answer: io.BufferedReader) -> bytes:
    reply = b""
    try:
        # An empty line says that the desk still works on it.
        while (reply := answer.readline()) == b"\n":
            pass
    except TimeoutError as error:
        raise _hangs(settings, f"; {CHECK_AFTERWARDS}") from error
    except OSError:
        pass
    if not reply:
        raise NoDesk(f"the desk ended before it answered; {CHECK_AFTERWARDS}")
    return reply


def _alone(settings: Settings, action: str, line: bytes, begin: float) -> bytes | None:
    """Open the desk here; return None if another process uses it, which may be ending.

    Raises:
        NoDesk: the desk cannot be opened, or another process has used it since `begin`, for too
            long.
    """
    # Imported here, since these take ten times as long as asking a running server.
    prepare_imports()
    from certdesk import bootstrap  # noqa: PLC0415 -- as above
    from certdesk.cli.logs import log_to_stderr  # noqa: PLC0415 -- as above
    from certdesk.storage.lock import DeskBusy  # noqa: PLC0415 -- as above
    from certdesk.web.admin import answer  # noqa: PLC0415 -- as above

    log_to_stderr("warning")
    hide_memory()
    try:
        # A mistyped path must give an error, not a new and empty desk.
        if action not in BEGINNINGS and not bootstrap.is_begun(settings):
            raise NoDeskYet(
                f"there is no desk in {settings.data}: name the right folder with --data, or "
                "make a desk with certdesk serve or certdesk account add"
            )
        with bootstrap.open_desk(settings) as opened:
            return answer(opened.desk, bootstrap.actions(), line, os.geteuid())
    except DeskBusy as busy:
        patience = LEFT_BEHIND_SECONDS if busy.left_behind else PATIENCE_SECONDS
        if time.monotonic() > begin + patience:
            raise NoDesk(f"the desk is busy and does not answer: {busy}", busy) from busy
        return None
    except bootstrap.CANNOT_OPEN as error:
        raise NoDesk(str(error), error) from error
