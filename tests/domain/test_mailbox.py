import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from certdesk.domain.values.mailbox import mailbox_fault


@pytest.mark.parametrize("text", ["ssl@tencent.com", "a@example.com", "用户@例子.广告"])
def test_an_address_passes_whether_or_not_its_domain_can_be_reached(text: str) -> None:
    """Nobody is asked, and reserved domains are as good as others."""
    assert mailbox_fault(text) is None


def test_a_fault_is_a_clause_for_a_sentence() -> None:
    """It begins with a verb and has no full stop of its own."""
    fault = "is not an e-mail address: An email address must have an @-sign"
    assert mailbox_fault("webmaster") == fault


@pytest.mark.parametrize(
    "text",
    [
        "pass!word;1 x@example.com",
        "a@pass word.example",
        "a@pass_word.example",
        "a@b\u2800.example",
    ],
)
def test_what_is_wrong_is_told_without_any_part_of_the_address(text: str) -> None:
    """It may be another secret in the wrong place."""
    fault = mailbox_fault(text)
    assert fault is not None
    assert "word" not in fault
    assert "'" not in fault
    assert ";" not in fault


def test_a_long_text_is_refused_by_its_length() -> None:
    """The library would look at all of it first."""
    assert mailbox_fault("a@" + "b." * 200) == (
        "is not an e-mail address: it has 402 characters, and at most 254 are allowed"
    )


PIECES = [
    "a",
    "B.c",
    ".",
    "..",
    "@",
    "-",
    "b.example",
    "xn--fsq.example",
    "例.com",
    "_",
    " ",
    '"',
    "a" * 64,
]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example("a" * 64 + "@b.example")
@example("a" * 65 + "@b.example")
@example("a@" + "例" * 60 + ".com")
def test_an_address_is_judged_as_the_library_judges_all_of_it(text: str) -> None:
    """Though the verdict on its domain may have been kept from another address."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        assert mailbox_fault(text) is not None
    else:
        assert mailbox_fault(text) is None
