"""The fields of a form that a browser sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from certdesk.domain.errors import InvalidRequest
from certdesk.domain.values.record import Record
from certdesk.wire.multipart import boundary_of, read_form_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = 500
"""The most fields of a form."""

URLENCODED = "application/x-www-form-urlencoded"


MULTIPART = "multipart/form-data"
"""The kind of body of a form that may have files."""


class BadForm(Exception):
    """The body is not a form, or has too many fields."""


class Upload(Record):
    """A file that was chosen in a form; its name is the browser's."""

    name: str
    content: bytes


class Form(Record):
    """The values of each field, and the chosen files, in the order of the form."""

    fields: Mapping[str, tuple[str, ...]] = {}
    uploads: Mapping[str, tuple[Upload, ...]] = {}

    def __repr__(self) -> str:
        """Return the names of the fields: passwords are among the values."""
        return f"Form({', '.join([*self.fields, *self.uploads])})"

    def text(self, name: str) -> str:
        """Return a field's value without the blanks around it; "" if it was not sent."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """Return a field's value as it was typed, as for passwords."""
        return self.all(name)[0] if self.all(name) else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of a field that may be sent more than once, such as check boxes."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Return whether a field was sent, as a ticked box or a pressed button is."""
        return name in self.fields

    def files(self, name: str) -> tuple[Upload, ...]:
        """Return the files that were chosen in a field."""
        return self.uploads.get(name, ())


def has_files(content_type: str) -> bool:
    """Return whether a body of this type may have files."""
    return _kind(content_type) == MULTIPART


def read_form(body: bytes, content_type: str) -> Form:
    """Read a body.

    Raises:
        BadForm: it is not a form.
    """
    kind = _kind(content_type)
    if kind == MULTIPART:
        return _parts(body, content_type)
    if kind != URLENCODED:
        raise BadForm
    return Form(_pairs(body))


def read_query(query: bytes) -> Form:
    """Read the query of an address.

    Raises:
        BadForm: it is not one.
    """
    return Form(_pairs(query))


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _parts(body: bytes, content_type: str) -> Form:
    fields: dict[str, tuple[str, ...]] = {}
    uploads: dict[str, tuple[Upload, ...]] = {}
    try:
        for part in read_form_parts(body, boundary_of(content_type)):
            if part.filename is None:
                _add(fields, part.name, part.content.decode())
            elif part.filename or part.content:
                upload = Upload(part.filename, part.content)
                uploads[part.name] = (*uploads.get(part.name, ()), upload)
    except (InvalidRequest, UnicodeDecodeError):
        raise BadForm from None
    return Form(fields, uploads)


def _pairs(encoded: bytes) -> dict[str, tuple[str, ...]]:
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FIELDS,
        )
    except ValueError:
        raise BadForm from None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        _add(fields, name, value)
    return fields


def _add(fields: dict[str, tuple[str, ...]], name: str, value: str) -> None:
    # Browsers send a line break as two characters.
    fields[name] = (*fields.get(name, ()), value.replace("\r\n", "\n"))
