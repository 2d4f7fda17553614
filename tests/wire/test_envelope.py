import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import field

from certdesk.domain.errors import (
    CertificateNotFound,
    FailedOperation,
    MissingParameter,
    ServiceError,
)
from certdesk.wire.envelope import failure, success
from certdesk.wire.model import Reply, Tag

REQUEST_ID = "6d0a3c2e-5c0a-4a47-9a5b-0f2f3c1d7e11"


class Bought(Reply):
    """A reply with every kind of member."""

    certificate_id: str
    alias: str | None = None
    count: int = 0
    domains: list[str] = field(name="SubjectAltName", default_factory=list)
    tags: list[Tag] | None = None


class Nothing(Reply):
    """A reply without members."""


def test_a_reply_stands_in_the_envelope_with_its_request_id() -> None:
    """Members have their wire names, null ones are there, and no blank follows a colon."""
    reply = Bought(
        certificate_id="a1B2c3D4", domains=["a.example"], tags=[Tag(tag_key="k", tag_value="v")]
    )
    assert success(reply, REQUEST_ID) == (
        b'{"Response":{"CertificateId":"a1B2c3D4","Alias":null,"Count":0,'
        b'"SubjectAltName":["a.example"],"Tags":[{"TagKey":"k","TagValue":"v"}],'
        b'"RequestId":"6d0a3c2e-5c0a-4a47-9a5b-0f2f3c1d7e11"}}'
    )


def test_an_empty_reply_has_a_request_id() -> None:
    """Every answer can be found again in the log."""
    assert success(Nothing(), "1") == b'{"Response":{"RequestId":"1"}}'


def test_text_in_other_scripts_is_sent_as_utf_8() -> None:
    """Names are not escaped."""
    body = success(Bought(certificate_id="a1B2c3D4", alias="湖南省"), "1")
    assert '"Alias":"湖南省"'.encode() in body


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            CertificateNotFound(),
            "FailedOperation.CertificateNotFound",
            "The certificate does not exist.",
        ),
        (
            MissingParameter(subject="CertId"),
            "MissingParameter",
            "The request is missing a required parameter `CertId`.",
        ),
        (FailedOperation("Later."), "FailedOperation", "Operation failed. Later."),
    ],
)
def test_a_refusal_is_a_code_and_a_message(error: ServiceError, code: str, message: str) -> None:
    """Shell clients look for `"Message":"` without a blank."""
    expected = (
        f'{{"Response":{{"Error":{{"Code":"{code}","Message":"{message}"}},"RequestId":"1"}}}}'
    )
    assert failure(error, "1").decode() == expected


def test_control_characters_in_a_message_are_escaped() -> None:
    """A message shows back what was sent, and stays JSON whatever that was."""
    body = failure(FailedOperation('a"b\\c\r\n\t\x00\x1b'), "1")
    assert rb"Operation failed. a\"b\\c\r\n\t\u0000\u001b" in body


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_message_arrives(detail: str) -> None:
    """What a client reads is what was said."""
    answer = json.loads(failure(FailedOperation(detail), "1"))
    assert answer["Response"]["Error"]["Message"] == FailedOperation(detail).message
