"""The operator's socket: local, open to the desk's user only, while a server runs.

The request is one line of JSON, `{"Action": …, "Parameters": {…}}`, and the reply is the API's
envelope. The actions are the catalog's internal ones, which go through the same steps as the API's.
An empty line is sent before the envelope, as soon as the request is accepted, and again every few
seconds while the desk works on it. A client that does not get the first one may retry; one that
gets it but no envelope must first check whether the action was carried out. A client that hears
nothing for longer faces a desk that hangs. If it leaves before its request is accepted, the action
is not carried out.
"""

from __future__ import annotations

import asyncio
import contextlib
import grp
import os
import pwd
import select
import socket
import stat
import struct
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from certdesk.catalog import Action, Catalog
from certdesk.domain.errors import InternalError, InvalidAction, InvalidParameter, ServiceError
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Desk
from certdesk.settings import Settings, SettingsError
from certdesk.web.socket_address import socket_address
from certdesk.web.thread_pool import ThreadPool
from certdesk.wire.envelope import failure, success
from certdesk.wire.strict_json import BadJson, parse_object

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LINE_LIMIT = 1024 * 1024
OPERATOR_THREADS = 2
GRACE_SECONDS = 25
TAKEN_IN_HAND = b"\n"
STILL_SECONDS = 3
"""How often a client hears that its request is being worked on."""

_CREDENTIALS = struct.Struct("iII")
PROBE_SECONDS = 2
SOL_LOCAL, LOCAL_PEERCRED = 0, 1
_XUCRED = struct.Struct("=IIhxx16I")
"""Version, user and groups of a peer (`struct xucred` of <sys/ucred.h>, macOS)."""

log = structlog.get_logger()


def answer(desk: Desk, catalog: Catalog, line: bytes, uid: int) -> bytes:
    """Carry out an operator's request; return the envelope. Used with and without a socket.

    `uid` is the system user who sent the request.
    """
    request_id = str(uuid.uuid4())
    try:
        action, parameters = _parse(catalog, line)
        request = action.decode(parameters)
        caller = replace(OPERATOR, uid=uid, name=name_of_user(uid))
        reply = desk.perform(action, caller, request, request_id)
        log.info("operator", request_id=request_id, action=action.name, uid=uid)
        return success(reply, request_id)
    except ServiceError as error:
        return failure(error, request_id)
    except Exception:
        log.exception("unforeseen", request_id=request_id)
        return failure(InternalError(), request_id)


def name_of_user(uid: int) -> str:
    """Return the name of a user of the system; `uid N` if the system has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _parse(catalog: Catalog, line: bytes) -> tuple[Action, dict[str, object]]:
    try:
        asked = parse_object(line)
    except BadJson as bad:
        raise InvalidParameter(f"{bad.rule}.", subject="body") from None
    name, parameters = asked.get("Action"), asked.get("Parameters", {})
    if not isinstance(name, str) or not isinstance(parameters, dict):
        raise InvalidParameter(subject="Action")
    action = catalog.find(name, internal=True)
    if action is None:
        raise InvalidAction
    return action, parameters


@contextlib.asynccontextmanager
async def admin_socket(
    path: Path, group: int | None, desk: Desk, catalog: Catalog
) -> AsyncIterator[None]:
    """Listen on the socket at `path` while the context lasts, for a group too if one is given.

    The operator has separate threads, so that a busy API does not block it.
    """
    threads = ThreadPool(OPERATOR_THREADS, "operator")
    in_hand: set[asyncio.Task[None]] = set()

    async def carry_out(line: bytes, writer: asyncio.StreamWriter) -> None:
        # This comes first, since an accepted request is not sent again.
        peer = writer.get_extra_info("socket")
        uid = _uid_of(peer)
        if _has_left(peer):
            raise ConnectionResetError
        _send(writer, TAKEN_IN_HAND)
        reply = threads.run(answer, desk, catalog, line, uid)
        while not (await asyncio.wait([reply], timeout=STILL_SECONDS))[0]:
            # The action goes on even if its client has left.
            with contextlib.suppress(ConnectionError):
                _send(writer, TAKEN_IN_HAND)
        _send(writer, reply.result() + b"\n")
        await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.LimitOverrunError, ValueError), _noting_who_left():
            line = await reader.readline()
            if line:
                task = asyncio.create_task(carry_out(line, writer))
                in_hand.add(task)
                task.add_done_callback(in_hand.discard)
                await task
        writer.close()

    with threads:
        _make_way(path)
        server, ours = await _listen(path, group, serve)
        try:
            yield
        finally:
            server.close()
            _remove(path, ours)
            if in_hand:
                await asyncio.wait(in_hand, timeout=GRACE_SECONDS)


@contextlib.contextmanager
def _noting_who_left() -> Iterator[None]:
    try:
        yield
    except ConnectionError:
        log.info("an operator's command ended before it had its answer")


def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    """Send something.

    Raises:
        ConnectionResetError: the client has left. Some event loops raise a RuntimeError for that.
    """
    if writer.is_closing():
        raise ConnectionResetError
    writer.write(content)


def _has_left(peer: socket.socket) -> bool:
    """Return whether the client has closed its end, even if its request has not been read yet."""
    poll = select.poll()
    poll.register(peer.fileno(), 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def _make_way(path: Path) -> None:
    """Remove a socket that an earlier process left, and nothing else.

    Raises:
        SettingsError: there is another kind of file, or a desk answers on the socket.
    """
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # Making the socket shows whether it can be made.
    if not stat.S_ISSOCK(mode):
        raise SettingsError(f"admin.socket: {path} exists and is not a socket")
    if not _is_left_over(path):
        raise SettingsError(f"admin.socket: another desk answers at {path}")
    path.unlink(missing_ok=True)


def _is_left_over(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_SECONDS)
        try:
            with socket_address(path) as address:
                probe.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:
            return False
    return False


def _remove(path: Path, ours: os.stat_result) -> None:
    """Remove the desk's socket, unless another one has replaced it."""
    with contextlib.suppress(OSError):
        if os.path.samestat(path.lstat(), ours):
            path.unlink()


def _uid_of(peer: socket.socket) -> int:
    """Return the system user at the other end, as the kernel knows it (unix(7))."""
    if sys.platform == "darwin":
        return uid_in_xucred(peer.getsockopt(SOL_LOCAL, LOCAL_PEERCRED, _XUCRED.size))
    _, uid, _ = _CREDENTIALS.unpack(
        peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    return int(uid)


def uid_in_xucred(credentials: bytes) -> int:
    """Return the user in macOS's credentials of a peer."""
    _, uid, *_ = _XUCRED.unpack(credentials)
    return int(uid)


def group_of(settings: Settings) -> int | None:
    """Return the number of the group that may use the socket, if one is set.

    Raises:
        SettingsError: the system has no such group.
    """
    if not settings.admin_group:
        return None
    try:
        return grp.getgrnam(settings.admin_group).gr_gid
    except KeyError:
        raise SettingsError(
            f"admin.group: the system has no group {settings.admin_group}"
        ) from None


async def _listen(
    path: Path, group: int | None, serve: Serve
) -> tuple[asyncio.Server, os.stat_result]:
    """Listen; return the server and the status of its socket's file.

    Raises:
        SettingsError: the socket cannot be made, or not opened to the group.
    """
    listener, ours = _bound(path)
    try:
        if group is not None:
            _open_to(path, group)
        server = await asyncio.start_unix_server(serve, sock=listener, limit=LINE_LIMIT)
    except BaseException:
        listener.close()
        _remove(path, ours)
        raise
    return server, ours


def _bound(path: Path) -> tuple[socket.socket, os.stat_result]:
    """Make the socket, with mode 0600 from the start; return it and its file's status.

    Raises:
        SettingsError: it cannot be made.
    """
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with socket_address(path) as address:
            listener.bind(address)
        return listener, path.lstat()
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"admin.socket: {path} cannot be listened on: {error.strerror}"
        ) from error
    finally:
        os.umask(before)


def _open_to(path: Path, group: int) -> None:
    """Allow the members of a group to use the socket.

    Raises:
        SettingsError: the desk's own user is not a member.
    """
    try:
        os.chown(path, -1, group)
    except PermissionError:
        name = grp.getgrgid(group).gr_name
        text = f"admin.group: the user of the desk, uid {os.geteuid()}, is not a member of {name}"
        raise SettingsError(text) from None
    path.chmod(0o660)
