"""Limits of single actions, as settings write them."""

from __future__ import annotations

import pytest

from certdesk.web.rate_limits import Limits


def test_an_action_may_have_a_limit_of_its_own() -> None:
    """The others keep the usual one."""
    limits = Limits.read(10, ["CertificateInfoSubmit=20", "DescribeCompanies=0"])

    assert limits.of("CertificateInfoSubmit") == 20
    assert limits.of("DescribeCompanies") == 0
    assert limits.of("DescribeManagers") == 10


@pytest.mark.parametrize("text", ["", "Name", "Name=", "=3", "Name=-1", "Name=ten", "Name=1.5"])
def test_a_limit_that_is_not_written_as_one_is_refused(text: str) -> None:
    """The message shows what was written."""
    with pytest.raises(ValueError, match="such as Name=20"):
        Limits.read(10, [text])
