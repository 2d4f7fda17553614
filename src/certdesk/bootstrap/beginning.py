"""The check before a new desk is created, so that it does not replace one by mistake.

A folder with an embedded database belongs to that desk. For other databases, the folder has a note.
"""

from __future__ import annotations

import contextlib

from certdesk.bootstrap.database import DATABASE_NAME, database_file
from certdesk.settings import Settings, SettingsError, without_password

NOTE_NAME = "database"
LONGEST_NOTE = 4096


class Beginning:
    """What a folder records about the database of its desk."""

    def __init__(self, settings: Settings, *, wanted: bool) -> None:
        """Prepare for the settings' database; `wanted` is true if the operator asks for a new desk.

        Raises:
            SettingsError: the URL names another kind of database.
        """
        file = database_file(settings)
        # A file has many paths, and a relative path depends on the current folder.
        own = file.resolve() if file else None
        self._folder = settings.folder
        self._embedded = (settings.folder / DATABASE_NAME).resolve()
        self._is_embedded = own == self._embedded
        self._own = str(own or without_password(settings.database))
        self._note = settings.folder / NOTE_NAME
        self._wanted = wanted

    def check(self) -> None:
        """Check that a new desk may be created in an empty database.

        Raises:
            SettingsError: the folder belongs to a desk whose data are in another database.
        """
        elsewhere = self._elsewhere()
        if elsewhere and not self._wanted:
            raise SettingsError(
                f"database: {self._own} is empty, and the desk of {self._folder} has its "
                f"data in {elsewhere}. Use that database (--database, or the setting), or "
                "begin a new desk with certdesk serve --new-database"
            )

    def keep(self) -> None:
        """Record which database the folder's desk has, now that it is open."""
        with contextlib.suppress(OSError):
            if self._is_embedded:
                self._note.unlink(missing_ok=True)
            elif self._noted() != self._own:
                self._note.write_text(f"{self._own}\n", "utf-8")

    def _elsewhere(self) -> str:
        """Return the other database of the folder's desk, or "" if there is none."""
        # A note that the operator wrote may have a password in the URL's query.
        noted = str(without_password(self._noted()))
        if noted not in ("", self._own):
            return noted
        has_file = self._embedded.is_file() and self._embedded.stat().st_size > 0
        return str(self._embedded) if has_file and not self._is_embedded else ""

    def _noted(self) -> str:
        try:
            with self._note.open(encoding="utf-8") as note:
                return note.read(LONGEST_NOTE).strip()
        except (OSError, UnicodeDecodeError):
            return ""
