"""The streams of the command: they always exist, and write failures are detected.

Otherwise a descriptor that the caller has closed would be reused by the next opened file, such as
the database, and printed output would go there.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

OUTPUT, ERRORS = 1, 2


class OutputLost(Exception):
    """The output cannot be written; the text says why. `closed` is true if its reader is gone."""

    def __init__(self, error: OSError) -> None:
        """Store the system's message."""
        self.closed = isinstance(error, BrokenPipeError)
        super().__init__(f"the output cannot be written: {error.strerror}")


class _Output(io.FileIO):
    """The output: its write failures are distinguished from all others."""

    def write(self, content: Buffer, /) -> int:
        try:
            return super().write(content)
        except OSError as error:
            raise OutputLost(error) from error


class _Errors(io.FileIO):
    """The error stream: its write failures are ignored, and the exit code must be enough."""

    def write(self, content: Buffer, /) -> int:
        with contextlib.suppress(OSError):
            return super().write(content)
        return memoryview(content).nbytes


def open_streams() -> None:
    """Replace stdout and stderr by streams that handle failures, even if closed by the caller.

    Writing to a closed stdout fails as on a full disk.
    """
    # An opened file gets the lowest free descriptor.
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= ERRORS:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 -- its signature
    os.close(descriptor)
    sys.stdout = _opened(_Output(OUTPUT, "wb", closefd=False), sys.stdout, "strict")
    sys.stderr = _opened(_Errors(ERRORS, "wb", closefd=False), sys.stderr, "backslashreplace")


def _opened(raw: io.FileIO, before: TextIO | None, errors: str) -> TextIO:
    """Return a text stream like the one that Python made, if it made one."""
    if before is not None:
        before.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=before.encoding if before is not None else "utf-8",
        errors=(before.errors if before is not None else None) or errors,
        line_buffering=raw.isatty() or raw.fileno() == ERRORS,
    )
