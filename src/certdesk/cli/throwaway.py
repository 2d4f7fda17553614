"""The folder of a temporary sandbox, and the removal of those left by earlier ones.

A killed sandbox cannot remove its folder, which holds keys. The next sandbox does. It removes a
folder only if it is a directory, not a link, belongs to this user, and is not locked.

Other users may write to the folder for temporary files. They cannot replace a sandbox's folder
there (it is sticky), and what they own is ignored.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "certdesk-sandbox-"
BEGUN = ".certdesk-sandbox-"
"""The prefix of a folder that is not locked yet, and so must not be removed."""

LOCK = "sandbox.lock"


@contextlib.contextmanager
def throwaway_folder() -> Iterator[Path]:
    """Make a folder that is removed at the end, and remove those that were left behind."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*"):
        _remove(left)
    folder = Path(tempfile.mkdtemp(prefix=BEGUN, dir=parent))
    try:
        with (folder / LOCK).open("x") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder = folder.rename(parent / folder.name.removeprefix("."))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove a folder of this user that no sandbox uses; leave anything else as it is."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as held:
        seen = folder.lstat()
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
            return
        # Do not wait for anything but a file, such as a FIFO.
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        held.callback(os.close, lock)
        if not stat.S_ISREG(os.fstat(lock).st_mode):
            return
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
