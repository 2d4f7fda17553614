"""The program of a serving process, which the parent starts (`web/processes/parent.py`)."""

from __future__ import annotations

import os
import signal
import sys

from certdesk.cli import prepare_imports

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> None:
    """Serve as the parent says on standard input."""
    # A service manager signals all processes of a service. Only the parent stops this one, so that
    # requests in progress are finished; and if the parent is gone, this one ends by itself.
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    prepare_imports()
    from certdesk.bootstrap import CANNOT_OPEN
    from certdesk.cli.common import UNREACHABLE, fail
    from certdesk.cli.logs import log_to_stderr
    from certdesk.parsing.memory import hide_memory
    from certdesk.web.processes.asking import PARENT_ENDED
    from certdesk.web.processes.messages import START_DECODER
    from certdesk.web.processes.serving import serve_beside
    from certdesk.workflow.cores import take_core

    told = sys.stdin.buffer.read()
    if not told:
        # The parent was killed while it started this process.
        sys.exit(PARENT_ENDED)
    start = START_DECODER.decode(told)
    settings = start.settings
    log_to_stderr(settings.log_level, settings.log_format)
    os.umask(0o077)
    hide_memory()
    if start.core is not None:
        take_core(start.core)
    try:
        serve_beside(start)
    except CANNOT_OPEN as error:
        fail(str(error), UNREACHABLE)


if __name__ == "__main__":
    main()
