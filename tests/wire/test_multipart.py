from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from certdesk.domain.errors import InvalidParameter, InvalidRequest
from certdesk.wire.multipart import FormPart, boundary_of, read_form_parts, read_multipart

BOUNDARY = "3f1c0e5a9b7d4c2f8e6a1b0d9c8f7e6d"
CLIENT = AbstractClient(
    Credential("AKIDexample", "x"),
    "",
    ClientProfile(httpProfile=HttpProfile(endpoint="127.0.0.1")),
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PARAMETERS = st.dictionaries(
    NAMES, TEXTS | st.lists(VALUES, max_size=4) | st.dictionaries(TEXTS, VALUES, max_size=4)
)


def written(parameters: dict[str, object], *binary: str) -> bytes:
    """Write a body with the official Python client; the `binary` parameters as files."""
    body = CLIENT._get_multipart_body(parameters, BOUNDARY, {"BinaryParams": binary})  # noqa: SLF001 - what it sends, without sending it
    assert isinstance(body, bytes)
    return body


def part(name: str, value: bytes, *headers: str) -> bytes:
    """Write a part, with its boundary in front."""
    head = "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *headers])
    return b"--b\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"


END = b"--b--\r\n"


# --- what clients write ------------------------------------------------------------------------


@given(PARAMETERS)
def test_what_the_python_client_writes_is_read(parameters: dict[str, object]) -> None:
    """Texts as text, lists and structures as JSON."""
    assert read_multipart(written(parameters), BOUNDARY.encode()) == parameters


def test_parameters_that_the_python_client_sends_as_files_are_read() -> None:
    """They have a file's name, and their text is the value."""
    parameters: dict[str, object] = {"CertificateId": "LrmeMvQr", "ConfirmLetter": "aGVsbG8="}
    body = written(parameters, "ConfirmLetter")
    assert b'; filename="ConfirmLetter"' in body
    assert read_multipart(body, BOUNDARY.encode()) == parameters


def test_what_other_clients_write_is_read() -> None:
    """Java flattens lists, Node gives the type of a buffer, others quote nothing."""
    body = (
        part("DnsNames.0", b"a.example.com")
        + part("DnsNames.1", b"b.example.com")
        + part("Tags", b'[{"TagKey":"\\u90e8"}]', "Content-Type: application/json; charset=utf-8")
        + part("Csr", b"-----BEGIN\r\n\r\n", "Content-Type: application/octet-stream")
        + part("DomainNum", b"2", "content-type:TEXT/Plain;Charset=UTF-8")
        + b"--b\r\nContent-Type: application/json\r\n"
        + b"CONTENT-DISPOSITION:Form-Data ;NAME=Type; filename=x\r\n\r\n3\r\n"
        + END
    )
    assert read_multipart(body, b"b") == {
        "DnsNames": ["a.example.com", "b.example.com"],
        "Tags": [{"TagKey": "部"}],
        "Csr": "-----BEGIN\r\n\r\n",
        "DomainNum": "2",
        "Type": 3,
    }


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"", ""),
        (b"\r\n", "\r\n"),
        (b"x--b", "x--b"),
        (b"-\r\n-b", "-\r\n-b"),
        (b"\n--b\n", "\n--b\n"),
        (b"\r\n--c\r\n", "\r\n--c\r\n"),
        (b"x\r\n-", "x\r\n-"),
        (b"Content-Type: text/plain\r\n\r\nx", "Content-Type: text/plain\r\n\r\nx"),
        ("湖南省 😀".encode(), "湖南省 😀"),
        (b"a+b%20c&d=e", "a+b%20c&d=e"),
    ],
)
def test_a_value_is_what_stands_between_the_boundaries(value: bytes, read: str) -> None:
    """Byte by byte, nothing decoded and nothing trimmed."""
    assert read_multipart(part("A", value) + END, b"b") == {"A": read}


@pytest.mark.parametrize("body", [b"", END, b"--b--"])
def test_no_parameters_may_be_no_parts_or_no_body(body: bytes) -> None:
    """The Python client then sends nothing, Node the closing boundary."""
    assert read_multipart(body, b"b") == {}


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=b", b"b"),
        ("Multipart/Form-Data;BOUNDARY=bB", b"bB"),
        ("multipart/form-data; charset=utf-8; boundary=b", b"b"),
        ('multipart/form-data; boundary="b b:?"', b"b b:?"),
        ("multipart/form-data; boundary=" + "-" * 26 + "123456", b"-" * 26 + b"123456"),
        ("multipart/form-data; boundary=" + "b" * 70, b"b" * 70),
    ],
)
def test_the_boundary_is_read_from_the_content_type(content_type: str, boundary: bytes) -> None:
    """As RFC 2046 has it, quoted or not, its letters as they are."""
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="b ',
        'multipart/form-data; boundary="b "',
        'multipart/form-data; boundary="b\\""',
        "multipart/form-data; boundary=é",
        "multipart/form-data; boundary=b b",
        "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data; boundary=b, text/plain",
        "multipart/form-data boundary=b",
        "multipart/form-data; boundary=" + "b" * 71,
        "multipart/mixed; boundary=b",
        "application/json; boundary=b",
    ],
)
def test_a_content_type_without_one_boundary_is_refused(content_type: str) -> None:
    """Two readers could choose different ones."""
    with pytest.raises(InvalidRequest):
        boundary_of(content_type)


# --- what nobody should write ------------------------------------------------------------------


GOOD = part("A", b"x")
HOSTILE: dict[str, bytes] = {
    "no boundary": b"A=x",
    "no closing boundary": GOOD,
    "no closing boundary, cut in its dashes": GOOD + b"--b-",
    "cut in a value": b'--b\r\nContent-Disposition: form-data; name="A"\r\n\r\nx',
    "cut in a head": b"--b\r\nContent-Disposition: form-data",
    "another boundary": GOOD.replace(b"--b", b"--c") + b"--c--\r\n",
    "a boundary in other letters": GOOD + b"--B--\r\n",
    "something in front": b"preamble\r\n" + GOOD + END,
    "an empty line in front": b"\r\n" + GOOD + END,
    "something behind": GOOD + END + b"epilogue",
    "an empty line behind": GOOD + END + b"\r\n",
    "another body behind": GOOD + END + GOOD + END,
    "closed in the middle": GOOD + b"--b--\r\n" + part("B", b"y") + END,
    "blanks after a boundary": GOOD.replace(b"--b\r\n", b"--b \r\n") + END,
    "a boundary that goes on": GOOD + part("B", b"y").replace(b"--b", b"--bc") + END,
    "a value that is a boundary": part("A", b"--b") + END,
    "a value that is the closing boundary": part("A", b"--b--") + END,
    "a value that begins a boundary": part("A", b"x\r\n--bc") + END,
    "bare line feeds": (GOOD + END).replace(b"\r\n", b"\n"),
    "bare carriage returns": (GOOD + END).replace(b"\r\n", b"\r"),
    "no head": b"--b\r\n\r\nx\r\n" + END,
    "no head and no value": b"--b\r\n\r\n\r\n" + END,
    "no blank line": b'--b\r\nContent-Disposition: form-data; name="A"\r\n' + END,
    "no disposition": b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" + END,
    "no name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
    "an empty name": part("", b"x") + END,
    "a name with a quote": part('A\\"B', b"x") + END,
    "a name with an end": part('A"; name="B', b"x") + END,
    "a name with a NUL": part("A\0", b"x") + END,
    "a name in another coding": GOOD.replace(b'name="A"', b"name*=UTF-8''A") + END,
    "two names": GOOD.replace(b'name="A"', b'name="A"; name="A"') + END,
    "an attachment": GOOD.replace(b"form-data", b"attachment") + END,
    "a field that is unknown": GOOD.replace(b'name="A"', b'name="A"; size=1') + END,
    "the same name twice": GOOD + GOOD + END,
    "two dispositions": part("A", b"x", 'Content-Disposition: form-data; name="B"') + END,
    "two types": part("A", b"x", "Content-Type: text/plain", "Content-Type: text/plain") + END,
    "a transfer coding": part("A", b"eA==", "Content-Transfer-Encoding: base64") + END,
    "a length": part("A", b"x", "Content-Length: 1") + END,
    "a folded header": part("A", b"x", "Content-Type: text/plain;", " charset=utf-8") + END,
    "a header without a colon": part("A", b"x", "Content-Type") + END,
    "a blank before the colon": part("A", b"x", "Content-Type : text/plain") + END,
    "a long head": part("A" * 1000, b"x") + END,
    "a nested body": part("A", b"--c\r\n", "Content-Type: multipart/mixed; boundary=c") + END,
    "a form in a part": part("A", b"B=x", "Content-Type: application/x-www-form-urlencoded") + END,
    "another type": part("A", b"x", "Content-Type: text/html") + END,
    "an empty type": part("A", b"x", "Content-Type:") + END,
    "another charset": part("A", b"x", "Content-Type: text/plain; charset=utf-16") + END,
    "too many parts": b"".join(part(f"A{n}", b"") for n in range(10_001)) + END,
    "too many boundaries": b"--b" + b"\r\n--b" * 100_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_body_that_could_be_read_in_several_ways_is_refused(body: bytes) -> None:
    """As an invalid request, whose text says what was expected."""
    with pytest.raises(InvalidRequest) as refusal:
        read_multipart(body, b"b")
    assert refusal.value.detail


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        (part("A", b"\xff") + END, "A"),
        (part("A", b"\xed\xa0\x80") + END, "A"),
        (part("A", b"{", "Content-Type: application/json") + END, "A"),
        (part("A", b"", "Content-Type: application/json") + END, "A"),
        (part("A", b'{"B":1,"B":2}', "Content-Type: application/json") + END, "A"),
        (part("A", b"NaN", "Content-Type: application/json") + END, "A"),
        (part("A", b"[" * 100_000, "Content-Type: application/json") + END, "A"),
        (part("A", b"\0") + END, "body"),
        (part("A", b'"\\ud800"', "Content-Type: application/json") + END, "body"),
        (part("A", b"[" * 32 + b"]" * 32, "Content-Type: application/json") + END, "body"),
        (part("A", b"[" + b"0," * 9_999 + b"0]", "Content-Type: application/json") + END, "body"),
        (part("A", b"x") + part("A.0", b"y") + END, "A.0"),
        (part("A.", b"x") + END, "A."),
        (part("A.0.9999", b"x") + END, "form"),
    ],
)
def test_a_value_that_is_not_what_it_should_be_is_refused(body: bytes, subject: str) -> None:
    """The same rules as for a JSON body, over all parts together; the refusal names the part."""
    with pytest.raises(InvalidParameter) as refusal:
        read_multipart(body, b"b")
    assert refusal.value.subject == subject
    assert refusal.value.detail


def test_a_large_value_is_read() -> None:
    """There is no limit to one part but that of the body."""
    letter = "x" * 10 * 2**20
    assert read_multipart(part("A", letter.encode()) + END, b"b") == {"A": letter}


def test_a_body_may_have_a_thousand_parts() -> None:
    """And not one more."""
    body = b"".join(part(f"A{number}", b"") for number in range(1000))
    assert len(read_multipart(body + END, b"b")) == 1000
    with pytest.raises(InvalidRequest, match="more than 1000 parts"):
        read_multipart(body + part("B", b"") + END, b"b")


PIECES = [b"--b", b"--", b"\r\n", b"\r", b"\n", b" ", b";", b'"', b":", b"\0", b"\xff", b"{", b"="]


@given(st.data())
def test_a_damaged_body_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing comes out but the two refusals."""
    body = part("A", b"x") + part("B", b"[1]", "Content-Type: application/json") + END
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body)))
        length = data.draw(st.integers(0, 8))
        damage = data.draw(st.sampled_from(PIECES) | st.binary(max_size=3))
        body = body[:place] + damage + body[place + length :]
    with contextlib.suppress(InvalidRequest, InvalidParameter):
        json.dumps(read_multipart(body, b"b"))


@given(st.binary(max_size=60), st.binary(min_size=1, max_size=3))
def test_any_bytes_are_read_or_refused(body: bytes, boundary: bytes) -> None:
    """Whatever the boundary."""
    with contextlib.suppress(InvalidRequest, InvalidParameter):
        read_multipart(body, boundary)


@given(st.text(max_size=60))
def test_any_content_type_is_read_or_refused(text: str) -> None:
    """A boundary that is found has 1 to 70 characters."""
    with contextlib.suppress(InvalidRequest):
        assert 1 <= len(boundary_of(f"multipart/form-data; {text}")) <= 70


def test_a_form_of_a_browser_has_fields_and_files() -> None:
    """As Chromium and Firefox write them; a file that was not chosen has no name."""
    body = (
        b'--b\r\nContent-Disposition: form-data; name="Note"\r\n\r\none\r\ntwo\r\n'
        b'--b\r\nContent-Disposition: form-data; name="Files"; filename="\xc3\xa9 %22\\.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n\x00\xff\r\n\r\n\r\n"
        b'--b\r\nContent-Disposition: form-data; name="Files"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
    )
    assert read_form_parts(body, b"b") == [
        FormPart("Note", None, b"one\r\ntwo"),
        FormPart("Files", 'é "\\.pdf', b"\x00\xff\r\n\r\n"),
        FormPart("Files", "", b""),
    ]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\nContent-Type: text/plain",
        b'\r\nContent-Disposition: attachment; name="A"',
        b"\r\nContent-Disposition: form-data; name=A",
        b'\r\nContent-Disposition: form-data; name="\xff"',
        b'\r\nContent-Disposition: form-data; name="A"; size="1"',
        b'\r\nContent-Disposition: form-data; name="A"\r\nX: y',
        b'\r\nContent-Disposition: form-data; name="' + b"a" * 2000 + b'"',
    ],
)
def test_what_no_browser_writes_is_no_form(head: bytes) -> None:
    """Another reader of the same bytes must not find other fields."""
    body = b"--b" + head + b"\r\n\r\nx\r\n--b--\r\n"
    with pytest.raises(InvalidRequest):
        read_form_parts(body, b"b")
