"""The files and folders that a desk depends on, which no other user may change."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from certdesk.bootstrap.database import database_file
from certdesk.bootstrap.vault import key_file
from certdesk.domain.operation.checkup import Observation, failure, good
from certdesk.settings import Settings
from certdesk.storage.places import PlaceUnsafe, check_file, check_folder

FILES = "files"


def check_places(settings: Settings) -> None:
    """Check that no other user may change the desk's files, or read the TLS key.

    Raises:
        PlaceUnsafe: another user may; the text says what to run.
    """
    for check in _checks(settings):
        check()


def examine_places(settings: Settings) -> Callable[[], Iterator[Observation]]:
    """Return a check-up that repeats this check for a running desk."""

    def examine() -> Iterator[Observation]:
        sound = True
        for check in _checks(settings):
            try:
                check()
            except PlaceUnsafe as unsafe:
                sound = False
                yield failure(
                    FILES, str(unsafe), ("run the command, and check whether anything was changed")
                )
        if sound:
            yield good(FILES, f"no other user may write to {settings.folder} or to the key files")

    return examine


def _checks(settings: Settings) -> Iterator[Callable[[], None]]:
    yield functools.partial(check_folder, settings.folder)
    yield functools.partial(check_folder, settings.socket_path.parent)
    database = database_file(settings)
    if database is not None:
        yield functools.partial(check_folder, database.parent)
        yield functools.partial(check_file, database)
    key = key_file(settings)
    yield functools.partial(check_folder, key.parent)
    yield functools.partial(check_file, key)
    for anchor in filter(os.path.isfile, settings.dns_trust_anchors):
        yield functools.partial(check_file, Path(anchor))
    if settings.tls_key:
        yield functools.partial(check_file, Path(settings.tls_key), secret=True)
        yield functools.partial(check_file, Path(settings.tls_cert))
