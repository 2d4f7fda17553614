"""Parameters that come as the parts of a multipart/form-data body (RFC 7578).

Each part is one parameter. A part whose type is JSON holds a list or a structure, as the Python
client writes them; others hold text. Only what the official clients write is accepted: another
reader of the same bytes must not find other parameters.

Forms of the console have parts too (`read_form_parts`), written by browsers.
"""

from __future__ import annotations

import re

from certdesk.domain.errors import InvalidParameter, InvalidRequest
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import redacted_name
from certdesk.wire.forms import unflatten
from certdesk.wire.strict_json import NODES, BadJson, check_limits, parse_value, separators

PARTS = 1000
"""The most parts of a body."""

HEAD_BYTES = 1024
"""The most bytes of the headers of a part."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2
_FIRST = re.compile(rf"{_WORD}(/{_WORD})?")
_FIELD = re.compile(rf'[ \t]*;[ \t]*({_WORD})=(?:({_WORD})|"([^"\\\x00-\x1f\x7f]*)")')
_HEADER = re.compile(rf"({_WORD}):(.*)")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046, 5.1.1
_HEADERS = ("content-disposition", "content-type")
_JSON = "application/json"
_FORM_HEAD = re.compile(
    r'\r\nContent-Disposition: form-data; name="([^"\x00-\x1f\x7f]+)"'
    r'(?:; filename="([^"\x00-\x1f\x7f]*)")?(?:\r\nContent-Type: [^\x00-\x1f\x7f]*)?',
    re.IGNORECASE,
)
"""How browsers write the headers of a part (HTML, 4.10.21.8)."""

_KINDS = (_JSON, "text/plain", "application/octet-stream")


def boundary_of(content_type: str) -> bytes:
    """Return the boundary in a Content-Type header.

    Raises:
        InvalidRequest: the header is not that of a multipart/form-data body, or has no boundary.
    """
    kind, fields = _read_value(content_type, "Content-Type")
    if kind != "multipart/form-data":
        raise InvalidRequest("Content-Type should be multipart/form-data.")
    if not _BOUNDARY.fullmatch(fields.get("boundary", "")):
        raise InvalidRequest("Content-Type should name the boundary, of 1 to 70 characters.")
    return fields["boundary"].encode()


def read_multipart(body: bytes, boundary: bytes) -> dict[str, object]:
    """Return the parameters of a body; those with dotted names are put into their structures.

    Raises:
        InvalidRequest: the body breaks RFC 7578, or has more than `PARTS` parts.
        InvalidParameter: a part is not the text or the JSON that it should be, or the parameters
            exceed the limits of a JSON body.
    """
    values: dict[str, object] = {}
    left = NODES
    for part in _split(body, boundary):
        name, value, cost = _read_part(part, left)
        if name in values:
            raise InvalidRequest(f"The part `{redacted_name(name)}` appears more than once.")
        values[name] = value
        left -= cost
    parameters = unflatten(values)
    try:
        check_limits(parameters)
    except BadJson as bad:
        raise InvalidParameter(f"Its content is not allowed: {bad.rule}.", subject="body") from None
    return parameters


class FormPart(Record):
    """A part of a browser's form; `filename` is None for a field that is no file."""

    name: str
    filename: str | None
    content: bytes


def read_form_parts(body: bytes, boundary: bytes) -> list[FormPart]:
    """Return the parts of a form, in its order.

    Raises:
        InvalidRequest: the body is not as browsers write it, or has more than `PARTS` parts.
    """
    return [_read_form_part(part) for part in _split(body, boundary)]


def _read_form_part(part: bytes) -> FormPart:
    head, blank, content = part.partition(b"\r\n\r\n")
    if not blank or len(head) > HEAD_BYTES:
        raise InvalidRequest(f"A part should have headers, of {HEAD_BYTES} bytes at most.")
    try:
        found = _FORM_HEAD.fullmatch(head.decode())
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise InvalidRequest("The headers of a part should be those of a form, in UTF-8.")
    filename = None if found[2] is None else _unescaped(found[2])
    return FormPart(_unescaped(found[1]), filename, content)


def _unescaped(name: str) -> str:
    """Return a name as it was before the browser wrote it into a header."""
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    """Return the parts of a body, each with the line break that follows the boundary."""
    if not body:
        return []  # what the Python client sends when there is nothing to send
    delimiter = b"\r\n--" + boundary
    whole = b"\r\n" + body
    if not whole.startswith(delimiter):
        raise InvalidRequest("The body should begin with the boundary.")
    if whole.count(delimiter) > PARTS + 1:
        raise InvalidRequest(f"The body has more than {PARTS} parts.")
    _, *parts, end = whole.split(delimiter)
    if end not in (b"--", b"--\r\n"):
        raise InvalidRequest("The body should end with the closing boundary.")
    if not all(part.startswith(b"\r\n") for part in parts):
        raise InvalidRequest("After a boundary the line should end.")
    return parts


def _read_part(part: bytes, nodes: int) -> tuple[str, object, int]:
    """Return the name and the value of a part, and how many of the remaining `nodes` it took."""
    head, blank, content = part.partition(b"\r\n\r\n")
    if not blank or len(head) > HEAD_BYTES:
        raise InvalidRequest(f"A part should have headers, of {HEAD_BYTES} bytes at most.")
    headers = _read_head(head)
    name = _read_name(headers.get("content-disposition", ""))
    kind = _read_kind(headers.get("content-type", "text/plain"), name)
    if kind != _JSON:
        return name, _read_text(content, name), 1
    text = _read_text(content, name)
    return name, _read_json(content, name, nodes), separators(text)


def _read_head(head: bytes) -> dict[str, str]:
    """Return the headers of a part by their names in lower case."""
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n")[1:]:
        found = _HEADER.fullmatch(line.decode("latin-1"))
        name = found[1].lower() if found else ""
        if found is None or name not in _HEADERS or name in headers:
            raise InvalidRequest(
                "A part should have the header Content-Disposition and may have Content-Type, "
                "each once, and nothing else."
            )
        headers[name] = found[2].strip(" \t")
    return headers


def _read_name(disposition: str) -> str:
    """Return the name of a part; the name of a file beside it has no meaning here."""
    kind, fields = _read_value(disposition, "Content-Disposition")
    if kind != "form-data" or not fields.get("name") or fields.keys() - {"name", "filename"}:
        raise InvalidRequest('A Content-Disposition should read `form-data; name="<name>"`.')
    return fields["name"]


def _read_kind(content_type: str, name: str) -> str:
    """Return the type of a part, one of those that are accepted."""
    kind, fields = _read_value(content_type, "Content-Type")
    charset = fields.get("charset", "utf-8").lower()
    if kind not in _KINDS or charset not in ("utf-8", "us-ascii"):
        raise InvalidRequest(f"The part `{redacted_name(name)}` should be text or JSON, in UTF-8.")
    return kind


def _read_json(content: bytes, name: str, nodes: int) -> object:
    try:
        return parse_value(content, nodes=nodes)
    except BadJson as bad:
        raise InvalidParameter(
            f"It is not valid JSON: {bad.rule}.", subject=redacted_name(name)
        ) from None


def _read_text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InvalidParameter("It must be UTF-8.", subject=redacted_name(name)) from None


def _read_value(text: str, header: str) -> tuple[str, dict[str, str]]:
    """Return a header's first value, in lower case, and the fields after it."""
    text = text.strip(" \t")
    first = _FIRST.match(text)
    if first is None:
        raise InvalidRequest(f"{header} is missing or malformed.")
    fields: dict[str, str] = {}
    place = first.end()
    while place < len(text):
        field = _FIELD.match(text, place)
        name = field[1].lower() if field else ""
        if field is None or name in fields:
            raise InvalidRequest(f"{header} must have fields after `;`, each once.")
        fields[name] = field[2] if field[2] is not None else field[3]
        place = field.end()
    return first[0].lower(), fields
