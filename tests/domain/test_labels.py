"""International labels: how much work they bring is known before any of it is done."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certdesk.domain.values import labels
from certdesk.domain.values.names import DomainName, DomainRefused, normal_form

LETTERS = st.characters(min_codepoint=0x80, categories=["Ll", "Lo"])
LABELS = st.text(LETTERS | st.sampled_from("ab1"), min_size=1, max_size=40)


@given(LABELS)
@example("\uac00" * 40)
@example("é")
def test_no_label_is_shorter_in_punycode_than_is_told_without_converting_it(label: str) -> None:
    """RFC 3492: each letter takes one octet or more."""
    converted = labels.a_label(label)
    assert converted is None or labels.least_octets(label) <= len(converted)


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ([], 0),
        (["a.com", "*.b-c.example"], 0),
        (["例子.中国"], 4),
        (["www.例子.中国", "mail.例子.中国"], 4),
        (["xn--fsqu00a.xn--fiqs8s", "XN--FSQU00A.com"], 21),
        (["a.xn--a.b", "axn--b.com"], 5),
    ],
)
def test_the_characters_of_labels_that_are_converted_are_counted_once(
    texts: list[str], count: int
) -> None:
    """Those in other scripts and those in Punycode; ASCII costs nothing."""
    assert labels.characters(texts) == count


@pytest.mark.parametrize(
    "text",
    [
        "가나다" * 19 + "한국.com",
        ".".join("가나다라마바사아자차카타"),
        "é." * 126 + "a",
        "xn--4ca." * 31 + "com",
    ],
)
def test_a_name_that_must_be_too_long_is_refused_before_it_is_converted(text: str) -> None:
    """By the least that its labels can take in ASCII; the longest take half a millisecond."""
    converted = labels.a_label.cache_info().misses
    with pytest.raises(DomainRefused, match="a name may have at most 64 characters"):
        DomainName.parse(text)
    assert labels.a_label.cache_info().misses == converted


def test_what_was_converted_is_remembered() -> None:
    """An order's names are needed by each request on it."""
    name = "가나다라마.한국"
    first = DomainName.parse(name)
    converted = labels.a_label.cache_info().misses
    assert DomainName.parse(name) == first
    assert labels.a_label.cache_info().misses == converted


def test_names_of_uploads_in_ascii_are_never_converted() -> None:
    """There may be a thousand of them, of 253 characters each."""
    converted = labels.a_label.cache_info().misses
    assert normal_form("*." + "XN--4CA." * 30 + "Com") == "*." + "xn--4ca." * 30 + "com"
    assert normal_form("no name!") == "no name!"
    assert labels.a_label.cache_info().misses == converted
