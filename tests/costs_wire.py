"""The worst that a request can bring to what reads its form: each case is at its limit."""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.actions.orders.certificate_info_submit import CertificateInfoSubmitRequest
from certdesk.actions.vetting.letters import LETTER_BODY
from certdesk.domain.values.secret import Secret
from certdesk.web.forms import V1_LIMIT
from certdesk.wire import decode, forms, model, multipart, signature, signature_v1, strict_json
from tests.costs_kinds import Case, Worst

KIB = 1024
BODY, LETTER = 256 * KIB, LETTER_BODY
HEADER = 8 * KIB
QUERY = 32 * KIB
PARTS = 31
"""Into how many structures a name may lead."""


def filled(begin: bytes, piece: bytes, end: bytes, size: int) -> bytes:
    """Repeat a piece between two ends, up to a size."""
    return begin + piece * ((size - len(begin) - len(end)) // len(piece)) + end


def json_bodies() -> Iterator[Case]:
    """Many values, deep ones, many escapes, nothing but white space, and what has no end."""
    bodies = {
        "numbers": (b'{"A":[', b"1,", b"1]}"),
        "as many numbers as there may be": (b'{"A":[' + b"1," * 9_990, b" ", b"1]}"),
        "fractions": (b'{"A":[' + b"1e1," * 9_990, b" ", b"1]}"),
        "objects": (b'{"A":[' + b"{}," * 9_990, b" ", b"1]}"),
        "objects in objects": (b'{"A":' + b'{"a":' * 9_000, b" ", b"1}"),
        "names": (b"{", b'"A":1,', b'"B":1}'),
        "arrays in arrays": (b'{"A":', b"[", b""),
        "escapes": (b'{"A":"', b"\\n", b'"}'),
        "code points": (b'{"A":"', b"\\u00e9", b'"}'),
        "halves of pairs": (b'{"A":"', b"\\ud800", b'"}'),
        "letters of two bytes": (b'{"A":"', "é".encode(), b'"}'),
        "blanks": (b'{"A":', b" ", b"1}"),
        "digits": (b'{"A":', b"1", b"}"),
        "digits of a fraction": (b'{"A":0.', b"1", b"}"),
        "no end": (b'{"A":"', b"\\n", b""),
        "lines": (b'{"A":', b"\n", b"x}"),
        "commas in a text": (b'{"A":"', b",", b'"}'),
    }
    for size in (BODY, LETTER):
        for name, (begin, piece, end) in bodies.items():
            body = filled(begin, piece, end, size)
            yield Case(f"{name}, {size} bytes", strict_json.parse_object, body)
            yield Case(f"{name}, {size}", strict_json.parse_value, body)


def limits() -> Iterator[Case]:
    """As many values as there may be, in a row and within each other."""
    flat: dict[str, object] = {"A": ["é"] * 9_990}
    deep: dict[str, object] = {"A": [[[["é"]]]] * 2_400}
    long: dict[str, object] = {"A": ["é" * 20_000] * 100}
    for name, value in {"flat": flat, "deep": deep, "long": long}.items():
        yield Case(name, strict_json.check_limits, value)


def pairs() -> Iterator[Case]:
    """Escapes, blanks and signs in one value, and as many pairs as there may be."""
    for piece in (b"%41", b"%C3%A9", b"+", b"=", b"=%41", b"a", b"%00", b"%4", "é".encode()):
        for size in (QUERY, V1_LIMIT):
            body = filled(b"A=", piece, b"", size)
            yield Case(f"{piece!r}, {size}", forms.read_pairs, body)
    many = b"&".join(b"A%%%02d%d=%%41" % (41, number) for number in range(forms.PAIRS))
    yield Case("many", forms.read_pairs, many)
    yield Case("too many", forms.read_pairs, b"&" * V1_LIMIT)


def peeks() -> Iterator[Case]:
    """Names that are almost there, and a value that is as long as it may be."""
    names = ["SecretId", "Action", "Signature", "Timestamp", "Nonce", "Version"]
    for piece in (b"&SecretI", b"&", b"SecretId=", b"&a=b"):
        body = filled(b"", piece, b"", V1_LIMIT)
        yield Case(f"{piece!r}", forms.peek, body, names)
    value = b"SecretId=" + b"%41" * (forms.PEEKED // 3)
    yield Case("a value", forms.peek, value, names)


def nested_names() -> Iterator[Case]:
    """Names of many parts, and lists with places left out."""
    trees = {
        "a list": [f"A.{number}" for number in range(forms.PAIRS)],
        "a long list": ["A.9997"],
        "many lists": [f"A{number}.99" for number in range(99)],
        "structures": ["A" + ".B" * (PARTS - 1) + f".{number}" for number in range(600)],
        "all apart": [f"A{number}" + ".B" * (PARTS - 1) for number in range(600)],
        "dots": ["A." + "." * 1000],
        "a number with many digits": ["A." + "9" * 4000],
    }
    for name, names in trees.items():
        values = dict.fromkeys(names, "x")
        yield Case(name, forms.unflatten, values)


def part(head: bytes, content: bytes = b"x") -> bytes:
    """Write one part with the boundary `b`."""
    return b"--b\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def multipart_bodies() -> Iterator[Case]:
    """Headers of blanks, many fields, many parts, and many values in parts of JSON."""
    named = b'Content-Disposition: form-data; name="A"'
    room = multipart.HEAD_BYTES - 2
    heads = {
        "blanks and a line feed": filled(b"Content-Disposition:", b" ", b"\n", room),
        "blanks and a control character": filled(named, b" ", b"\x01", room),
        "tabs": filled(b"Content-Disposition:", b"\t", b"\x0b", room),
        "fields": named + b"".join(b";a%d=b" % number for number in range(100)),
        "semicolons": filled(named, b" ;", b"", room),
        "one word": filled(b"", b"a", b"", room),
        "lines": filled(named, b"\r\nA:", b"", room),
        "a quotation mark": filled(named + b';filename="', b"a", b"", room),
    }
    for name, head in heads.items():
        body = part(head) * 200 + b"--b--"
        yield Case(name, multipart.read_multipart, body, b"b")
    bodies = {
        "parts": b"".join(
            part(b'Content-Disposition: form-data; name="A%d"' % number)
            for number in range(multipart.PARTS)
        ),
        "too many": b"--b\r\n" * (BODY // 5),
        "boundaries": b"\r\n--b" * (BODY // 5),
        "values": b"".join(
            part(
                b'Content-Type: application/json\r\nContent-Disposition: form-data; name="A%d"'
                % number,
                b"[" + b"1," * 240 + b"1]",
            )
            for number in range(40)
        ),
    }
    for name, parts in bodies.items():
        whole = parts + b"--b--"
        yield Case(name, multipart.read_multipart, whole, b"b")


def form_bodies() -> Iterator[Case]:
    """Headers that are almost those of a form, and as many parts as there may be."""
    named = b'Content-Disposition: form-data; name="A"'
    room = multipart.HEAD_BYTES - 2
    heads = {
        "a name": filled(b'Content-Disposition: form-data; name="', b"a", b"", room),
        "a file's name": filled(named + b'; filename="', b"%22", b"", room),
        "a type": filled(named + b"\r\nContent-Type: ", b"a", b"\x01", room),
    }
    for name, head in heads.items():
        whole = part(head) * (LETTER // (multipart.HEAD_BYTES + 10)) + b"--b--\r\n"
        yield Case(name, multipart.read_form_parts, whole, b"b")
    many = part(named + b'; filename="a"') * multipart.PARTS + b"--b--\r\n"
    yield Case("many", multipart.read_form_parts, many, b"b")
    yield Case("no end", multipart.read_form_parts, filled(b"--b", b"\r\n--", b"", LETTER), b"b")


def content_types() -> Iterator[Case]:
    """A header of 8 KiB."""
    pieces = (" ", ";", "; a=b", '"', "a", "/", '; boundary="', "\t;", "; a")
    for piece in pieces:
        text = "multipart/form-data" + piece * (HEADER // len(piece))
        yield Case(f"{piece!r}", multipart.boundary_of, text)
    many = "multipart/form-data" + "".join(f";a{number}=b" for number in range(1000))
    yield Case("fields", multipart.boundary_of, many)


GIVEN = "TC3-HMAC-SHA256 Credential=a/2026-03-01/ssl/tc3_request, SignedHeaders={}, Signature={}"
HEX = "a" * 64


def authorizations() -> Iterator[Case]:
    """A header of 8 KiB in all its parts."""
    names = ";".join(sorted({"content-type", "host", *(f"h{number:04}" for number in range(1300))}))
    texts = [GIVEN.format(names, HEX), GIVEN.format("content-type;host", "a" * HEADER)]
    texts += [f"TC3-HMAC-SHA256 Credential={piece * (HEADER // len(piece))}" for piece in "a/, ;="]
    texts += [
        f"TC3-HMAC-SHA256 Credential=a,{' ' * HEADER}x",
        " " * HEADER,
        f"TC3-HMAC-SHA256 {'Credential=,' * 600}",
    ]
    for at, text in enumerate(texts):
        yield Case(f"{at}", signature.parse_authorization, text)


def hosts() -> Iterator[str]:
    """Give Host headers of 8 KiB."""
    for piece in ("a", ":1", ":", ".", "1", "http://", "A."):
        yield piece * (HEADER // len(piece))
        yield "a:" + piece * (HEADER // len(piece))


AUTHORIZATION = signature.parse_authorization(GIVEN.format("content-type;host", HEX))


def scopes() -> Iterator[Case]:
    """Hosts that are cut to find the service."""
    for host in hosts():
        yield Case(host[:9], signature.check_scope, AUTHORIZATION, 1772323200, host)


def readings() -> Iterator[Case]:
    """The same hosts, in all the spellings that clients sign."""
    for host in hosts():
        yield Case(host[:9], signature.host_readings, host)


def signatures() -> Iterator[Case]:
    """A query of many parameters out of order, and headers with a second spelling."""
    queries = ("&".join(f"z{9999 - number}=" for number in range(4000)), "&" * QUERY, "a" * QUERY)
    for query in queries:
        for host in ("HTTPS://A:1", "A:1" + ":1" * 4000):
            request = signature.SignedRequest(
                method="GET",
                query=query,
                headers={"host": host, "content-type": "A" * HEADER},
                payload_hash=HEX,
                timestamp=1772323200,
            )
            yield Case(
                f"{query[:4]} {host[:4]}",
                signature.verify,
                AUTHORIZATION,
                request,
                b"key",
            )


def older_signatures() -> Iterator[Case]:
    """As many parameters as there may be, and what could be further ones in a value."""
    key = Secret("key")
    names = {f"A{number}": "&a" * 250 for number in range(forms.PAIRS - 1)}
    values = {"A": "&" + "a" * V1_LIMIT}
    signs = {"A": "&a" * (V1_LIMIT // 2)}
    longest = {"a" * V1_LIMIT: ""}
    for at, parameters in enumerate((names, values, signs, longest)):
        for host in ("a", "a" * HEADER + "!"):
            form = signature_v1.SignedForm(
                method="POST", host=host, parameters={"Signature": "x", **parameters}
            )
            yield Case(f"{at} {host[:2]}", signature_v1.verify, form, key)


def signing() -> Iterator[Case]:
    """A text as long as a form."""
    text = "é" * (V1_LIMIT // 2)
    yield Case("a form", signature_v1.sign, text, Secret("key"), "HmacSHA256")


def parameters() -> Iterator[Case]:
    """As many faults as a body may have, of every kind, and the longest texts."""
    wrong: dict[str, dict[str, object]] = {
        "unknown": {"\u2800" * 60 + str(number): 1 for number in range(9_990)},
        "unknown digits": {f"{number:060}": 1 for number in range(9_990)},
        "wrong members": {"DnsNames": [1] * model.LIST_LIMIT},
        "long members": {"DnsNames": ["1" * 5_000] * 50},
        "too many": {"DnsNames": ["a"] * 9_990},
        "a long number": {"CompanyType": "9" * 250_000},
        "a long word": {"CompanyType": "a." * 120_000},
        "digits for a boolean": {"DeleteDnsAutoRecord": "1:" * 120_000},
        "all texts": dict.fromkeys(
            CertificateInfoSubmitRequest.__struct_encode_fields__, "\u2800" * model.TEXT_LIMIT
        ),
        "a structure for each": {
            field: {"a": number}
            for number, field in enumerate(CertificateInfoSubmitRequest.__struct_encode_fields__)
        },
    }
    for name, given in wrong.items():
        yield Case(name, decode.decode, given, CertificateInfoSubmitRequest)


def times() -> Iterator[Case]:
    """Texts that begin like a time."""
    for piece in ("1", "2026-03-01 ", "2026-03-01T00:00:00", " ", "٣"):
        text = piece * (model.TEXT_LIMIT // len(piece))
        yield Case(piece, model.read_time, text)


WIRE: Worst = {
    "wire.decode.decode": parameters,
    "wire.forms.peek": peeks,
    "wire.forms.read_pairs": pairs,
    "wire.forms.unflatten": nested_names,
    "wire.model.read_time": times,
    "wire.multipart.boundary_of": content_types,
    "wire.multipart.read_form_parts": form_bodies,
    "wire.multipart.read_multipart": multipart_bodies,
    "wire.signature.check_scope": scopes,
    "wire.signature.host_readings": readings,
    "wire.signature.parse_authorization": authorizations,
    "wire.signature.verify": signatures,
    "wire.signature_v1.sign": signing,
    "wire.signature_v1.verify": older_signatures,
    "wire.strict_json.check_limits": limits,
    "wire.strict_json.parse_object": json_bodies,
    "wire.strict_json.parse_value": json_bodies,
}
