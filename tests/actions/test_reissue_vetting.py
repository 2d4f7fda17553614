"""A reissue certifies what was vetted with the original, so that people see it no second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.errors import InvalidParam
from tests.actions.vetting import ANN, BEN, EV, LETTER_OV, OV, Desk
from tests.papers import PDF
from tests.rules import rules_with


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet, two of them every EV order."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as opened:
        yield opened


def issued(desk: Desk, product: int) -> str:
    """Take an order through letter and vetting to its certificate."""
    order = desk.submit(product)
    if desk.stands(order)[0] == 8:
        desk.letter(order, PDF)
    for uid in (ANN, BEN):
        for subject in desk.waiting:
            desk.approve(subject, uid)
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
    return order


def reissued(desk: Desk, original: str, **parameters: str) -> str:
    """Ask for a reissue; give its id."""
    reply = desk.call(
        desk.caller,
        "ReplaceCertificate",
        CertificateId=original,
        ValidType="DNS",
        **parameters,
    )
    return str(reply["CertificateId"])


@pytest.mark.parametrize("product", [OV, EV, LETTER_OV])
def test_a_reissue_of_what_was_vetted_goes_to_its_names_at_once(desk: Desk, product: int) -> None:
    """No second person, and no second letter; the same organisation is certified."""
    original = issued(desk, product)
    fresh = reissued(desk, original)
    assert desk.stands(fresh) == (0, "PENDING-DCV")
    assert desk.waiting == []
    desk.take_on(fresh)
    assert desk.stands(fresh) == (1, None)
    requests = [request for request, _ in desk.issuer.asked]
    assert {request.certificate_id for request in requests} == {original, fresh}
    assert len({request.subject for request in requests}) == 1


@pytest.mark.parametrize(("product", "status"), [(OV, 0), (LETTER_OV, 8)])
def test_when_the_vetting_has_ended_people_look_again(
    desk: Desk, product: int, status: int
) -> None:
    """398 days after the manager was vetted, as with any order."""
    first = issued(desk, product)
    desk.clock.move(timedelta(days=370))
    desk.take_on(first)
    original = issued(desk, product)
    desk.clock.move(timedelta(days=29))
    fresh = reissued(desk, original)
    assert desk.stands(fresh)[0] == status
    if product == LETTER_OV:
        desk.letter(fresh, PDF)
    assert "manager:1" in desk.waiting


def test_people_read_why_a_certificate_is_to_be_reissued(desk: Desk) -> None:
    """In the owner's words, which say nothing of other orders."""
    original = issued(desk, OV)
    fresh = reissued(desk, original, Reason="  another key is needed ")
    shown = {
        order: desk.operator("ShowReview", Id=f"order:{order}")["Order"]["Said"]
        for order in (original, fresh)
    }
    assert shown == {original: "", fresh: "another key is needed"}


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("x" * 256, "takes at most 255 characters, not 256"),
        ("two\nlines", "must not contain control characters"),
    ],
)
def test_why_a_certificate_is_to_be_reissued_is_said_in_a_line(
    desk: Desk, said: str, rule: str
) -> None:
    """Else nothing is reissued."""
    original = issued(desk, OV)
    with pytest.raises(InvalidParam, match=f"Reason: {rule}"):
        reissued(desk, original, Reason=said)
    assert desk.order(original).replaced_by is None
