"""The desk's listening socket, and the number of open files that it needs."""

from __future__ import annotations

import ipaddress
import resource
import socket
from typing import TypeAlias

from certdesk.domain.values.addresses import Network, networks
from certdesk.domain.values.redaction import error_text
from certdesk.settings import Settings, SettingsError
from certdesk.web.tls import check_tls

LARGEST_PORT = 65535

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
"""The address of a socket: of IPv4, IPv6 or another family."""

SEND_BUFFER = 256 * 1024
"""The kernel's send buffer, in bytes, for a client that does not read; 4 MiB otherwise."""

OTHER_FILES = 256
"""The desk's own files and connections: databases, look-ups, the operator's socket."""


def listen(settings: Settings) -> socket.socket:
    """Bind the socket given by the settings.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    family, address = check_listening(settings)
    try:
        return _bound(family, address)
    except OSError as error:
        raise _cannot(settings, error) from error


def check_listening(settings: Settings) -> tuple[socket.AddressFamily, Address]:
    """Check whether the address may be listened on, and return it for a socket.

    Raises:
        SettingsError: it may not, or it does not exist.
    """
    host, port = host_and_port(settings)
    check_tls(settings)
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise _cannot(settings, error) from error
    loopback = ipaddress.ip_address(address[0]).is_loopback
    if not (settings.tls_cert or settings.plain_networks or loopback):
        raise SettingsError(
            f"listen: the desk serves plain HTTP only on loopback, and {host} is not "
            "loopback; set tls.cert and tls.key, or name in http.plain_networks who may use "
            "plain HTTP"
        )
    return family, address


def host_and_port(settings: Settings) -> tuple[str, int]:
    """Return the host and port to listen on.

    Raises:
        SettingsError: the setting is not HOST:PORT.
    """
    host, _, port = settings.listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > LARGEST_PORT or not host:
        raise SettingsError(f"listen: must be HOST:PORT, not {settings.listen}")
    return host, int(port)


def networks_of(setting: str, texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Read the networks that a setting names.

    Raises:
        SettingsError: one of them is invalid.
    """
    try:
        return networks(texts)
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from error


def make_room_for_files(connections: int) -> None:
    """Raise the limit of open files to one for each connection and the desk's own.

    Raises:
        SettingsError: the system does not permit that many.
    """
    needed = connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SettingsError(
            f"http.connections: {connections} connections need {needed} open files, and this "
            f"process may have {hard}; raise its limit (ulimit -n, LimitNOFILE=) or lower "
            "the setting"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _bound(family: int, address: Address) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _cannot(settings: Settings, error: OSError) -> SettingsError:
    return SettingsError(
        f"listen: the desk cannot listen on {settings.listen}: {error_text(error)}"
    )
