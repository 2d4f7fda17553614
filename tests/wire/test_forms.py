from __future__ import annotations

import contextlib
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from certdesk.domain.errors import InvalidParameter
from certdesk.wire.forms import PAIRS, read_pairs, unflatten

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
# Lists and structures are never empty: a form has no way to say so.
VALUES = st.recursive(
    TEXTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)
PARAMETERS = st.dictionaries(NAMES, VALUES, max_size=5)

CLIENT = AbstractClient(
    Credential("AKIDexample", "x"),
    "",
    ClientProfile(httpProfile=HttpProfile(endpoint="127.0.0.1")),
)


def escaped(byte: bytes) -> bytes:
    """Write a byte as an escape."""
    return b"%%%02x" % byte[0]


def flatten(parameters: dict[str, object]) -> dict[str, object]:
    """Flatten parameters with the official Python client."""
    flat = CLIENT._fix_params(parameters)  # noqa: SLF001 - what it sends, without sending it
    assert isinstance(flat, dict)
    return flat


# --- pairs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"", {}),
        (b"A=1", {"A": "1"}),
        (b"A=1&B=2", {"A": "1", "B": "2"}),
        (b"A=", {"A": ""}),
        (b"A==", {"A": "="}),
        (b"A=b=c", {"A": "b=c"}),
        (b"A=b+c%20d", {"A": "b c d"}),
        (b"A=b%2Bc%2bd", {"A": "b+c+d"}),
        (b"A=%26%3D%25", {"A": "&=%"}),
        (b"A%2E0=x", {"A.0": "x"}),
        (b"A=%E6%B9%96&B=\xe6\xb9\x96", {"A": "湖", "B": "湖"}),
        (b"A=a;B=b?c/d", {"A": "a;B=b?c/d"}),
        (b"A=%0D%0A\n%09", {"A": "\r\n\n\t"}),
        (b"$=x", {"$": "x"}),
    ],
)
def test_pairs_are_read(raw: bytes, pairs: dict[str, str]) -> None:
    """Each pair once, its escapes undone, its value as it is."""
    assert read_pairs(raw) == pairs


@pytest.mark.parametrize(
    ("raw", "subject", "rule"),
    [
        (b"A=%", "A", "not followed by two hexadecimal digits"),
        (b"A=%4", "A", "not followed by two hexadecimal digits"),
        (b"A=%4g", "A", "not followed by two hexadecimal digits"),
        (b"A=%u0041", "A", "not followed by two hexadecimal digits"),
        (b"%=A", "form", "not followed by two hexadecimal digits"),
        (b"A=%FF", "A", "must be UTF-8"),
        (b"A=\xff", "A", "must be UTF-8"),
        (b"A=%C0%80", "A", "must be UTF-8"),
        (b"A=%ED%A0%80", "A", "must be UTF-8"),
        (b"%FF=A", "form", "must be UTF-8"),
        (b"A=%00", "A", "character NUL"),
        (b"A=\0", "A", "character NUL"),
        (b"A%00=x", "form", "character NUL"),
        (b"A=1&A=1", "A", "more than once"),
        (b"A=1&B=2&%41=3", "A", "more than once"),
    ],
)
def test_pairs_that_can_be_read_in_several_ways_are_refused(
    raw: bytes, subject: str, rule: str
) -> None:
    """The refusal names the parameter, or else the form, and never a value."""
    with pytest.raises(InvalidParameter) as refusal:
        read_pairs(raw)
    assert refusal.value.message.startswith(
        f"The value type of parameter `{subject}` is not valid."
    )
    assert rule in refusal.value.message


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (b"A", 1),
        (b"=x", 1),
        (b"A=1&", 2),
        (b"&A=1", 1),
        (b"A=1&&B=2", 2),
        (b"A=1&secret", 2),
    ],
)
def test_a_pair_without_its_sign_is_refused_in_the_recorded_words(raw: bytes, number: int) -> None:
    """The vendor's sentence with its slip, and which pair it is, but nothing of it."""
    with pytest.raises(InvalidParameter) as refusal:
        read_pairs(raw)
    recorded = "Url key and value should be splited by `=`."  # codespell:ignore splited
    assert refusal.value.message == f"{recorded} Pair {number} is not."


def test_a_form_has_its_limit() -> None:
    """Two thousand pairs, and not one more."""
    most = b"&".join(b"A%d=x" % number for number in range(PAIRS))
    assert len(read_pairs(most)) == PAIRS == 2000
    with pytest.raises(InvalidParameter, match="more than 2000 parameters"):
        read_pairs(most + b"&B=x")
    with pytest.raises(InvalidParameter, match="more than 2000 parameters"):
        read_pairs(b"&" * 2**20)


def test_a_large_value_is_read() -> None:
    """There is no limit to one value but that of the body."""
    assert read_pairs(b"A=" + b"%20" * 2**20) == {"A": " " * 2**20}


def test_a_long_name_is_cut_when_it_is_shown() -> None:
    """Whoever chose it does not fill our messages."""
    with pytest.raises(InvalidParameter) as refusal:
        read_pairs(b"A" * 1000 + b"=%")
    assert len(refusal.value.message) < 200


@given(st.dictionaries(TEXTS.filter(bool), TEXTS))
def test_what_a_client_encodes_is_read(pairs: dict[str, str]) -> None:
    """Blanks as `+` (Python and Go) or `%20` (Node), and every other character."""
    assert read_pairs(urlencode(pairs, quote_via=quote_plus).encode()) == pairs
    assert read_pairs(urlencode(pairs, quote_via=quote).encode()) == pairs


@given(st.lists(st.binary(max_size=2) | st.binary(min_size=1, max_size=1).map(escaped)))
def test_escapes_are_undone_as_the_standard_library_undoes_them(pieces: list[bytes]) -> None:
    """Whatever stands between them."""
    value = b"".join(pieces).replace(b"&", b"").replace(b"\0", b"").replace(b"%00", b"")
    with contextlib.suppress(InvalidParameter):
        assert read_pairs(b"A=" + value)["A"].encode() == unquote_to_bytes(
            value.replace(b"+", b" ")
        )


@given(
    st.text("Ab=&%+0 2\n\r_", max_size=12)
    | st.binary(max_size=12).map(lambda raw: raw.decode("latin-1"))
)
def test_what_is_read_is_what_another_reader_reads(text: str) -> None:
    """Either it is refused, or the standard library understands it alike."""
    with contextlib.suppress(InvalidParameter):
        raw = text.encode("latin-1")
        pairs = read_pairs(raw)
        names = parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=bool(raw))
        assert list(pairs.items()) == names


# --- nesting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "parameters"),
    [
        ({}, {}),
        ({"A": "x"}, {"A": "x"}),
        ({"A": ""}, {"A": ""}),
        ({"A.0": "x", "A.1": "y"}, {"A": ["x", "y"]}),
        ({"A.1": "y", "B": "b", "A.0": "x"}, {"A": ["x", "y"], "B": "b"}),
        ({"A.2": "z"}, {"A": [None, None, "z"]}),
        ({"A.0.B": "x", "A.0.C": "y", "A.1.B": "z"}, {"A": [{"B": "x", "C": "y"}, {"B": "z"}]}),
        ({"A.B.C": "x"}, {"A": {"B": {"C": "x"}}}),
        ({"A.0.0": "x", "A.0.1": "y"}, {"A": [["x", "y"]]}),
        ({f"A.{place}": "x" for place in range(11)}, {"A": ["x"] * 11}),
        # A list has one spelling for each place; these are no list.
        ({"A.00": "x"}, {"A": {"00": "x"}}),
        ({"A.-1": "x"}, {"A": {"-1": "x"}}),
        ({"A.１": "x"}, {"A": {"１": "x"}}),
        # What stands first is the name of a parameter, even if it is a number.
        ({"0": "x", "1.0": "y"}, {"0": "x", "1": ["y"]}),
    ],
)
def test_dotted_names_are_put_into_lists_and_structures(
    values: dict[str, object], parameters: dict[str, object]
) -> None:
    """Numbers are places of a list; places left out are None; order does not matter."""
    assert unflatten(values) == parameters
    assert unflatten(dict(reversed(values.items()))) == parameters


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (["A.", "B"], "A part of its name is empty"),
        ([".A", "B"], "A part of its name is empty"),
        (["A..B", "B"], "A part of its name is empty"),
        ([".", "B"], "A part of its name is empty"),
        (["", "B"], "A part of its name is empty"),
        (["A", "A.0"], "value"),
        (["A", "A.B.C"], "value"),
        (["A.0", "A.0.B"], "value"),
        (["A.0", "A.B"], "both a list and a structure"),
        (["A.0", "A.00"], "both a list and a structure"),
        (["A.0", "A.10000"], "both a list and a structure"),
        ([".".join("A" * 33), "B"], "more than 32 deep"),
        (["." * 10_000, "B"], "more than 32 deep"),
    ],
)
def test_names_that_contradict_each_other_are_refused(names: list[str], rule: str) -> None:
    """In either order."""
    for ordered in (names, names[::-1]):
        with pytest.raises(InvalidParameter, match=rule):
            unflatten(dict.fromkeys(ordered, "x"))


def test_parameters_may_be_nested_as_deep_as_in_json() -> None:
    """32 deep, the request itself included."""
    value: object = unflatten({".".join("A" * 32): "x"})
    for _ in range(32):
        assert isinstance(value, dict)
        value = value["A"]
    assert value == "x"


@pytest.mark.parametrize(
    "names",
    [
        ["A.9999"],
        [f"A{number}.9" for number in range(1_000)],
        [f"A{number}" + ".B" * 31 for number in range(400)],
        [f"A.{number}.9999" for number in range(5_000)],
        [f"A{number}" for number in range(10_000)],
    ],
)
def test_a_short_form_cannot_become_large_parameters(names: list[str]) -> None:
    """Ten thousand values as in JSON, with places left out and structures counted."""
    with pytest.raises(InvalidParameter, match="more than 10000 values"):
        unflatten(dict.fromkeys(names, "x"))


def test_names_of_many_parts_are_refused() -> None:
    """Each part is a step, also where all names lead through the same structures."""
    names = ["A" + ".B" * 30 + f".{number}" for number in range(650)]
    with pytest.raises(InvalidParameter, match="more than 20000 parts"):
        unflatten(dict.fromkeys(names, "x"))


def test_a_list_may_have_as_many_places_as_in_json() -> None:
    """Ten thousand values, the request and the list included."""
    assert unflatten({"A.9997": "x"}) == {"A": [None] * 9_997 + ["x"]}
    with pytest.raises(InvalidParameter, match="more than 10000 values"):
        unflatten({"A.9998": "x"})


@given(PARAMETERS)
def test_what_the_python_client_flattens_is_rebuilt(parameters: dict[str, object]) -> None:
    """Lists of structures, empty texts, other scripts, `+` and `%20`, over the wire form."""
    raw = urlencode(flatten(parameters)).encode()
    assert unflatten(read_pairs(raw)) == parameters


@given(PARAMETERS, st.data())
def test_what_is_rebuilt_flattens_to_the_same(
    parameters: dict[str, object], data: st.DataObject
) -> None:
    """In whatever order the pairs came."""
    flat = flatten(parameters)
    order = data.draw(st.permutations(list(flat)))
    assert flatten(unflatten({name: flat[name] for name in order})) == flat


@given(st.lists(st.text("A0.1", max_size=7), unique=True, max_size=6))
def test_any_names_are_rebuilt_or_refused(names: list[str]) -> None:
    """Nothing is lost, and nothing comes out but the one refusal."""
    values = {name: f"value of {name}" for name in names}
    with contextlib.suppress(InvalidParameter):
        assert flatten(unflatten(values)) == values
