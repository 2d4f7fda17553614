import pytest

from certdesk.domain.mailbox import mailbox_fault


@pytest.mark.parametrize("text", ["ssl@tencent.com", "a@example.com", "用户@例子.广告"])
def test_an_address_passes_whether_or_not_its_domain_can_be_reached(text: str) -> None:
    """Nobody is asked, and reserved domains are as good as others."""
    assert mailbox_fault(text) is None


def test_a_fault_is_a_clause_for_a_sentence() -> None:
    """It begins with a verb and has no full stop of its own."""
    fault = "is not an e-mail address: An email address must have an @-sign"
    assert mailbox_fault("webmaster") == fault
