"""Logging to stderr: one JSON object a line, with selected fields and never with bodies."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from certdesk.domain.values.visible import visible


def log_to_stderr(level: str, form: str = "json") -> None:
    """Send the program's log and the libraries' warnings to stderr.

    `form` is `json`, or `console` for people to read.
    """
    renderer = _for_people() if form == "console" else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*_COMMON, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_COMMON,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # It warns of what it could not send to a server that is gone, which the desk reports itself.
    logging.getLogger("psycopg").setLevel(logging.ERROR)


def _without_traceback(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Log an unusable database, such as one on a full disk, on one line.

    A traceback would not help with these; other errors keep theirs.
    """
    given = event.get("exc_info")
    if not given:
        return event
    from certdesk.ports import StoreUnavailable  # noqa: PLC0415 -- commands would wait for it

    error = given if isinstance(given, BaseException) else sys.exception()
    if isinstance(error, StoreUnavailable):
        event["reason"] = str(error)
        del event["exc_info"]
    return event


def _for_people() -> Processor:
    """Return a renderer of lines with the fields after the event, in colours on a terminal."""
    render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())

    def rendered(logger: WrappedLogger, name: str, event: EventDict) -> str:
        # Fields and the texts of exceptions may contain what tenants wrote.
        return render(logger, name, {key: _shown(value) for key, value in event.items()})

    return rendered


def _shown(value: object) -> object:
    """Return a field in a form safe for a terminal; a traceback keeps its lines."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return "\n".join(map(visible, str(value).split("\n")))


_COMMON: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _without_traceback,
    structlog.processors.format_exc_info,
]
