"""The process that parses requests from its standard input, which is a socket.

It ends when the desk closes the socket or is gone. If a parser takes too long, the kernel kills
this process, so that no library needs to support cancelling.
"""

from __future__ import annotations

import os
import resource
import signal
import socket

import msgspec

from certdesk.parsing.frames import receive, send
from certdesk.parsing.jobs import ENCODER, PARSER_REQUEST, PARSERS, ParserReply, ParserRequest
from certdesk.parsing.memory import hide_memory

MEMORY = 1024 * 1024 * 1024
"""The limit of address space, in bytes; Python and its libraries use a fifth of it."""

LEAST_URGENT = 19


def main() -> None:
    """Handle requests until the other end is closed."""
    hide_memory()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(LEAST_URGENT)
    # A service manager signals all processes of a service, the desk too; the desk ends this process
    # once it has answered.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with socket.socket(fileno=0) as desk:
        while (request := receive(desk)) is not None:
            send(desk, ENCODER.encode(_carried_out(PARSER_REQUEST.decode(request))))


def _carried_out(request: ParserRequest) -> ParserReply:
    # It counts CPU time only, so that an honest file is not refused on a busy machine.
    signal.setitimer(signal.ITIMER_PROF, request.seconds)
    try:
        found = PARSERS[request.parser](*request.arguments)
        return ParserReply(msgspec.Raw(ENCODER.encode(found)))
    except Exception as error:  # noqa: BLE001 -- its class is told and logged, its text may be secret
        return ParserReply(msgspec.Raw(ENCODER.encode(None)), type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    main()
