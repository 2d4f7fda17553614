"""The console's styles and scripts: read and compressed once, served by names that do not change.

A name contains the digest of the content, so browsers keep a file for good. Nothing is looked up
on the disk by a name from outside.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from certdesk.domain.values.record import Record
from certdesk.web.console.door import STATIC

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"


class StaticFile(Record):
    """A file as it is served."""

    kind: str
    content: bytes
    compressed: bytes


class StaticFiles:
    """All files of a folder and its subfolders that have one of `KINDS`."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Read them."""
        self._addresses: dict[str, str] = {}
        self._files: dict[str, StaticFile] = {}
        for path in _files_in(folder):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:16]
            served_as = f"{path.stem}.{digest}{path.suffix}"
            self._addresses[path.name] = served_as
            self._files[served_as] = StaticFile(
                KINDS[path.suffix], content, gzip.compress(content, mtime=0)
            )

    def name_of(self, file: str) -> str | None:
        """Return the name under which a file is served; None if it is not there."""
        return self._addresses.get(file)

    def answer(self, name: str, accepted: str) -> Response | None:
        """Return a file by its served name, compressed if `accepted` (Accept-Encoding) allows."""
        file = self._files.get(name)
        if file is None:
            return None
        headers = {"Cache-Control": KEPT_FOR_GOOD, "Vary": "Accept-Encoding"}
        if not _takes_gzip(accepted):
            return Response(file.content, media_type=file.kind, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(file.compressed, media_type=file.kind, headers=headers)


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in KINDS)


def _takes_gzip(accepted: str) -> bool:
    words = [word.strip().lower() for word in accepted.split(",")]
    return "gzip" in words
