"""Logging to stderr: one JSON object a line, of fields that were chosen, never of bodies."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor


def log_to_stderr(level: str, form: str = "json") -> None:
    """Send the program's own log, and the libraries' warnings, to stderr.

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


def _for_people() -> Processor:
    """Give a renderer of lines with the fields behind the event, in colours on a terminal."""
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


_COMMON: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
