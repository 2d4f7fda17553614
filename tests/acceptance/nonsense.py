"""Requests that make no sense: wrong types, naughty texts, chance, depth and size; in every form.

They are signed properly and sent on one connection. What comes back is held against what is
documented: an action's own errors, and those that any request may get.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
from collections.abc import Iterable, Iterator, Mapping

from certdesk.catalog import Action
from tests.acceptance.material import uploaded
from tests.acceptance.naughty_strings import NAUGHTY
from tests.acceptance.request_forms import FORMS, Form
from tests.conformance.scene import Scene
from tests.conformance.shapes import Shape, declared
from tests.conformance.test_every_action import WRONG, place
from tests.running import Keys
from tests.web.raw import Answer, Wire

KIB = 1024
LINE_BYTES = 60 * KIB
Parameters = Mapping[str, object]

ANYWAY = frozenset(
    {
        "ok",
        "InvalidParameter",
        "InvalidRequest",
        "MissingParameter",
        "RequestSizeLimitExceeded",
        "UnknownParameter",
    }
)
"""What any request may be answered (docs/errors.md), as far as nonsense can be the reason."""

TOO_LARGE_A_FORM = "AuthFailure.SignatureFailure"
"""What a form is answered that is too large for the older signature."""

TOO_LONG_A_LINE = "HTTP 414"

Written = tuple[Form, bytes]
"""A request as one of the forms writes it, not signed yet."""


@dataclasses.dataclass(frozen=True)
class Sent:
    """A request as it was written, and what came back."""

    form: Form
    action: Action
    written: bytes
    code: str
    message: str

    @property
    def expected(self) -> bool:
        """Tell whether the documents say that this may be the answer."""
        allowed = ANYWAY | {error.code for error in self.action.errors} - {"InternalError"}
        if self.form.in_query:
            allowed |= {TOO_LONG_A_LINE}
        if self.form.name == "older form" and len(self.written) > 900 * KIB:
            allowed |= {TOO_LARGE_A_FORM}
        return self.code in allowed

    def __str__(self) -> str:
        """Show what it takes to send it again."""
        said = f"{self.code}: {self.message[:200]}"
        return f"{self.action.name} ({self.form.name}): {said}\n{self.written[:2000]!r}"


class Asker:
    """Sends one request after the other on one connection, and a new one where that was closed."""

    def __init__(self, endpoint: str, keys: Keys) -> None:
        """Sign with `keys`."""
        self._endpoint, self._keys = endpoint, keys
        self._wire: Wire | None = None
        self.count = 0

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.__exit__()
            self._wire = None

    def send(self, form: Form, action: Action, written: bytes) -> Sent:
        """Send what was written in a form."""
        self.count += 1
        if self._wire is None:
            self._wire = Wire(self._endpoint)
        self._wire.send(form.send(self._endpoint, self._keys, action.name, written))
        answer = self._wire.answer()
        if answer.status != 200 or answer.headers.get("connection") == "close":
            self.close()
        return Sent(form, action, written, *_code_and_message(answer))


def _code_and_message(answer: Answer) -> tuple[str, str]:
    if answer.status != 200:
        return f"HTTP {answer.status}", ""
    error = answer.response.get("Error", {})
    return error.get("Code", "ok"), error.get("Message", "")


def good_ones(scene: Scene, action: Action) -> list[dict[str, object]]:
    """Give good requests; where a CSR may be given, one with a CSR and one without."""
    good = [scene.good(action.name)]
    if "Csr" in declared(action.request):
        good.append(uploaded(0) | {"CertId": scene.client.buy()})
    return good


def wrong_types(action: Action, good: Parameters) -> Iterator[dict[str, object]]:
    """Give a value of each other type to each field in turn, the others being good."""
    shape = declared(action.request)
    for path, member in shape.items():
        for value in WRONG[member.kind]:
            yield changed(shape, good, path, value)


def naughty_texts(action: Action, good: Parameters) -> Iterator[dict[str, object]]:
    """Give each naughty text to each text field in turn, and as a name of a parameter."""
    shape = declared(action.request)
    for path, member in shape.items():
        if member.kind == "string":
            for text in NAUGHTY:
                yield changed(shape, good, path, text)
    for text in NAUGHTY:
        yield {**good, text: "x"}


def changed(shape: Shape, good: Parameters, path: str, value: object) -> dict[str, object]:
    """Give a good request but for one value."""
    name = re.findall(r"\w+", path)[0]
    return {**good, name: place(shape, path, value)[name]}


def mutated(written: bytes, rng: random.Random) -> bytes:
    """Change some bytes by chance: other ones, fewer, more, some twice or in another place."""
    data = bytearray(written)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        begin = rng.randrange(len(data) + 1)
        end = min(len(data), begin + rng.choice((1, 1, 4, 16, 64)))
        match rng.randrange(6):
            case 0:
                data[begin:end] = rng.randbytes(end - begin)
            case 1:
                del data[begin:end]
            case 2:
                data[begin:begin] = data[begin:end]
            case 3:
                data[begin:begin] = rng.choice(PIECES)
            case 4:
                del data[begin:]
            case _:
                piece = data[begin:end]
                del data[begin:end]
                there = rng.randrange(len(data) + 1)
                data[there:there] = piece
    return bytes(data)


PIECES = (
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"-1",
    b"1e999",
    b"9" * 40,
    b"&",
    b"=",
    b"%00",
    b"%",
    b"+",
    b".0.",
    b".9999",
    b"\r\n",
    b"\r\n--a-line-between-parts",
    b"Content-Type: application/json\r\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
)
"""What means something to a reader of one of the forms."""

ON_A_LINE = re.compile(rb"[\x00-\x20\x7f-\xff#]")
"""What no request line may hold: HTTP's to refuse, and so nothing to look for here."""


def as_written(form: Form, written: bytes) -> bytes:
    """Write what was changed by chance so that it comes through HTTP."""
    if not form.in_query:
        return written
    return ON_A_LINE.sub(lambda found: b"%%%02X" % ord(found[0]), written)


def deep_and_huge(good: Parameters) -> Iterator[Written]:
    """Give what is nested too deep, too long or too much, as each form can write it."""
    for form in FORMS:
        for parameters in too_much(good):
            written = form.write(parameters)
            # What no request line can hold is refused by another part, with tests of its own.
            if not form.in_query or len(written) < LINE_BYTES:
                yield form, written
    json, multipart, query, _, older = FORMS
    yield json, b'{"Deep": ' + b"[" * 100_000
    yield json, b'{"a":' * 40_000
    yield multipart, b"--a-line-between-parts\r\n" * 10_000
    for form in (query, older):
        yield form, b"a" + b".a" * 10_000 + b"=x"
        yield form, b"List.9999=x"
        yield form, b"&".join(b"L%d.9999=x" % number for number in range(1_000))


def too_much(good: Parameters) -> Iterator[dict[str, object]]:
    """Give a good request with too much of something."""
    for name in (next(iter(good), "Limit"), "Unknown"):
        for value in ("a" * 20_000, "a" * 250 * KIB, "9" * 10_000, ["x"] * 9_990):
            yield {**good, name: value}
    for depth in (31, 33, 400):
        yield {**good, "Deep": nested(depth)}
    yield {**good, **{f"P{number}": "x" for number in range(20_000)}}
    yield {**good, "a" * 5_000: "x"}
    yield {**good, "Big": "a" * (1100 * KIB)}


def nested(depth: int) -> object:
    """Give lists in lists."""
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


def nonsense(
    scene: Scene, action: Action, rng: random.Random, *, every: int, mutations: int
) -> Iterator[Written]:
    """Give nonsense: of what can be listed each one in `every`, and so many by chance.

    Chance has its turn with each good request in each form.
    """
    for good in good_ones(scene, action):
        listed = itertools.chain(wrong_types(action, good), naughty_texts(action, good))
        pairs = itertools.product(listed, FORMS)
        for parameters, form in itertools.islice(pairs, rng.randrange(every), None, every):
            yield form, form.write(parameters)
        for form in FORMS:
            written = form.write(good)
            for _ in range(mutations):
                yield form, as_written(form, mutated(written, rng))


def unexpected(asker: Asker, action: Action, requests: Iterable[Written]) -> list[str]:
    """Send requests; give those whose answers no document foresees."""
    answered = (asker.send(form, action, written) for form, written in requests)
    return [str(sent) for sent in answered if not sent.expected]
