"""A process that parses what it is sent on its standard input, which is a socket.

It ends when the desk closes the socket or is gone. What parses for too long is killed by the
kernel, and with it this process: no code of a library has to be asked to stop.
"""

from __future__ import annotations

import os
import resource
import signal
import socket

import msgspec

from certdesk.parsing.frames import receive, send
from certdesk.parsing.jobs import ASKED, ENCODER, PARSERS, Asked, Told
from certdesk.parsing.memory import hide_memory

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space: Python and its libraries have a fifth of it."""

LEAST_URGENT = 19


def main() -> None:
    """Parse until the other end is closed."""
    hide_memory()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(LEAST_URGENT)
    # A service manager tells all processes of a service to end, the desk too, which lets us go
    # when it has answered.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with socket.socket(fileno=0) as desk:
        while (request := receive(desk)) is not None:
            send(desk, ENCODER.encode(_carried_out(ASKED.decode(request))))


def _carried_out(asked: Asked) -> Told:
    # Counts the CPU's time alone: on a busy machine an honest file takes no longer.
    signal.setitimer(signal.ITIMER_PROF, asked.seconds)
    try:
        found = PARSERS[asked.parser](*asked.arguments)
        return Told(msgspec.Raw(ENCODER.encode(found)))
    except Exception as error:  # noqa: BLE001 -- its class is told and logged, its text may be secret
        return Told(msgspec.Raw(ENCODER.encode(None)), type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    main()
