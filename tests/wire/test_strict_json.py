from __future__ import annotations

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.wire.strict_json import BadJson, parse_object

# Scalars that every JSON reader understands alike, and objects made of them.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", {}),
        (b"{}", {}),
        (b" \t\r\n{ }\n", {}),
        (b'{"A":1,"B":-0,"C":2.5,"D":1e3}', {"A": 1, "B": 0, "C": 2.5, "D": 1000.0}),
        (b'{"A":null,"B":true,"C":false}', {"A": None, "B": True, "C": False}),
        (b'{"A":[],"B":[1,[2]],"C":{"A":{}}}', {"A": [], "B": [1, [2]], "C": {"A": {}}}),
        (b'{"A":9007199254740992}', {"A": 2**53}),
        (b'{"A":-9007199254740992}', {"A": -(2**53)}),
        (b"null", {}),
        (b" null\n", {}),
        (b'{"A":1e-999}', {"A": 0.0}),
        ('{"A":"湖南省\U0001f512"}'.encode(), {"A": "湖南省\U0001f512"}),
        (rb'{"A":"\u6e56\u5357\u7701\ud83d\udd12"}', {"A": "湖南省\U0001f512"}),
        (rb'{"A":"\\u0000 \\ud800","\n\"\/":"\u001f"}', {"A": r"\u0000 \ud800", '\n"/': "\x1f"}),
        (b'{"A":{"A":1},"B":{"A":1}}', {"A": {"A": 1}, "B": {"A": 1}}),
    ],
)
def test_an_object_is_read(body: bytes, value: dict[str, object]) -> None:
    """Every JSON reader understands it alike; an empty body and `null` are empty objects."""
    assert parse_object(body) == value


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"A":"\xff"}', "the body must be UTF-8"),
        (b'{"A":"\xed\xa0\x80"}', "the body must be UTF-8"),
        (b'{"A":"\xc0\x80"}', "the body must be UTF-8"),
        (b"\xff\xfe{\0}\0", "the body must be UTF-8"),
        (b"\xef\xbb\xbf{}", "the body must not begin with a byte order mark"),
        (b"[]", "the body must be a JSON object"),
        (b"[null]", "the body must be a JSON object"),
        (b'"{}"', "the body must be a JSON object"),
        (b"1", "the body must be a JSON object"),
        (b" ", "the body must be JSON (Expecting value: line 1, column 2)"),
        (b"{", "the body must be JSON"),
        (b"{\0}\0", "the body must be JSON"),
        (b"{}{}", "the body must be JSON (Extra data: line 1, column 3)"),
        (b"{}\0", "the body must be JSON"),
        (b"{A:1}", "the body must be JSON"),
        (b"{'A':1}", "the body must be JSON"),
        (b'{"A":1,}', "the body must be JSON"),
        (b'{"A":[1,]}', "the body must be JSON"),
        (b'{"A":1 "B":2}', "the body must be JSON"),
        (b'{"A":1}//', "the body must be JSON"),
        (b'{"A":01}', "the body must be JSON"),
        (b'{"A":+1}', "the body must be JSON"),
        (b'{"A":.5}', "the body must be JSON"),
        (b'{"A":0x10}', "the body must be JSON"),
        (b'{"A":True}', "the body must be JSON"),
        (b'{"A":"\t"}', "the body must be JSON"),
        (b'{"A":"\0"}', "the body must be JSON"),
        (rb'{"A":"\x00"}', "the body must be JSON"),
        (b'{"A":NaN}', "`NaN` is not JSON"),
        (b'{"A":Infinity}', "`Infinity` is not JSON"),
        (b'{"A":[-Infinity]}', "`-Infinity` is not JSON"),
        (b'{"A":1e999}', "a number is too large"),
        (b'{"A":-1e999}', "a number is too large"),
        (b'{"A":9007199254740993}', "a whole number is beyond 2^53"),
        (b'{"A":-9007199254740993}', "a whole number is beyond 2^53"),
        (b'{"A":' + b"9" * 5000 + b"}", "a whole number is beyond 2^53"),
        (b'{"A":1,"A":1}', "an object has the member `A` more than once"),
        (b'{"A":1,"B":2,"\\u0041":3}', "an object has the member `A` more than once"),
        (b'{"X":[{"A":{"B":1,"B":2}}]}', "an object has the member `B` more than once"),
        (
            b'{"%s":1,"%s":1}' % (b"n" * 99, b"n" * 99),
            f"an object has the member `{'n' * 64}…` more than once",
        ),
        (rb'{"\u001b[2J":1,"\u001b[2J":2}', r"an object has the member `\x1b[2J` more than once"),
        (rb'{"A":"\u0000"}', "a text contains the character NUL"),
        (rb'{"A":[{"B\u0000":1}]}', "a text contains the character NUL"),
        (rb'{"A":"\ud800"}', "a text contains half a surrogate pair"),
        (rb'{"A":"\udc00\ud800"}', "a text contains half a surrogate pair"),
        (rb'{"A":["\ud83d","\udd12"]}', "a text contains half a surrogate pair"),
        (rb'{"\ud800":1}', "a text contains half a surrogate pair"),
    ],
)
def test_a_body_that_readers_may_understand_differently_is_refused(body: bytes, rule: str) -> None:
    """The refusal names the rule, and nothing of the body but a member's name."""
    with pytest.raises(BadJson) as refusal:
        parse_object(body)
    assert refusal.value.rule.startswith(rule)


def nested(depth: int) -> bytes:
    """Write an object with arrays in it, `depth` containers deep, around a number."""
    return b'{"A":' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"


def test_containers_may_stand_32_deep() -> None:
    """Thirty-two are read, one more is refused."""
    assert parse_object(nested(32))
    with pytest.raises(BadJson, match="nested more than 32 deep"):
        parse_object(nested(33))
    with pytest.raises(BadJson, match="nested more than 2 deep"):
        parse_object(b'{"A":{"B":{}}}', depth=2)


@pytest.mark.parametrize("opener", [b"[", b'{"A":'])
def test_a_body_of_openers_is_refused_like_any_other(opener: bytes) -> None:
    """Thousands of open arrays or objects exhaust neither stack nor patience."""
    with pytest.raises(BadJson, match="nested too deeply"):
        parse_object(b'{"A":' + opener * 9000)
    with pytest.raises(BadJson, match="more than 10000 commas or brackets"):
        parse_object(b'{"A":' + opener * 100_000)


def test_a_body_of_many_values_is_refused_before_it_is_parsed() -> None:
    """It need not even be JSON: what counts is how much work it would be."""
    for body in (b'{"A":[' + b"1," * 20_000, b'{"A":"x",' + b'"A":1,' * 20_000):
        with pytest.raises(BadJson, match="more than 10000 commas or brackets"):
            parse_object(body)


def test_a_body_may_hold_10000_values() -> None:
    """The object and its array count, too: with 9,998 numbers they are 10,000."""
    assert parse_object(b'{"A":[%s]}' % b",".join([b"1"] * 9_998))
    with pytest.raises(BadJson, match="more than 10000 values"):
        parse_object(b'{"A":[%s]}' % b",".join([b"1"] * 9_999))
    with pytest.raises(BadJson, match="more than 3 values"):
        parse_object(b'{"A":1,"B":{"C":2}}', nodes=3)


@given(value=OBJECTS, escaped=st.booleans())
def test_what_others_write_is_read_back_the_same(
    value: dict[str, object], *, escaped: bool
) -> None:
    """Any object of unambiguous values arrives, whether its writer escapes or not."""
    assert parse_object(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary() | st.text(st.sampled_from('{}[]":,\\u0dDe19-.AntlfN \0')).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing but BadJson comes out of the parser."""
    with contextlib.suppress(BadJson):
        parse_object(body)


@given(OBJECTS, st.data())
def test_what_is_read_from_a_damaged_body_can_be_written_again(
    value: dict[str, object], data: st.DataObject
) -> None:
    """Whatever is accepted can be stored and sent as UTF-8."""
    body = bytearray(json.dumps(value).encode())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    with contextlib.suppress(BadJson):
        msgspec.json.encode(parse_object(bytes(body)))
