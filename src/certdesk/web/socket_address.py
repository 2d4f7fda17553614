"""The address of the operator's socket, apart from the server's other code."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

LONGEST_ADDRESS = 100


@contextlib.contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Yield the socket's address; a path over 108 bytes goes through an open folder."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
