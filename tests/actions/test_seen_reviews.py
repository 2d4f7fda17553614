"""What is approved is what was looked at, whatever changes between the look and the decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain import errors
from certdesk.domain.vetting.seen_review import STANDING, changes, digest_of, flat, members_of
from certdesk.operator.vetting.content import ShowReviewReply
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.actions.vetting import ANN, BEN, DV, EV, LETTER_OV, Desk
from tests.papers import PDF, PNG
from tests.rules import rules_with
from tests.workflow.ordering import key

CHANGED = "It has changed since the desk"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet, two of them each EV order."""
    rules = rules_with(four_eyes=True, letter_products=frozenset({LETTER_OV}))
    with Desk(tmp_path, rules) as opened:
        yield opened


def ordered(desk: Desk) -> str:
    """Have an order wait for two people, its manager vetted."""
    order = desk.submit(EV)
    approve(desk, "manager:1")
    return order


def show(desk: Desk, name: str, uid: int = ANN) -> str:
    """Have a review shown to a user of the system; give its digest."""
    return str(desk.operator_as(uid, "ShowReview", Id=name)["Attempt"])


def listed(desk: Desk, uid: int = ANN) -> dict[str, str]:
    """Have what waits listed to a user of the system; give the digests by id."""
    reviews = desk.operator_as(uid, "ListReviews")["Reviews"]
    return {each["Id"]: each["Attempt"] for each in reviews}


def hand_in(desk: Desk, order: str, **changes: object) -> None:
    """Stop the review of an order, and submit it again with other material."""
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=order)
    own = {"GenCsrType": "parse", "Csr": csr_for(key(), None)}
    material = {k: v for k, v in (PERSONAL | COMPANY | own | changes).items() if v is not None}
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **material)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)


def approve(desk: Desk, name: str, uid: int = ANN, **given: object) -> str | None:
    """Approve something as a user of the system."""
    decided = desk.operator_as(uid, "ApproveReview", Id=name, **given)
    verdict = decided["Verdict"]
    assert verdict is None or isinstance(verdict, str)
    return verdict


# --- shown and listed ----------------------------------------------------------------------------


def test_what_was_never_seen_is_decided_as_it_is(desk: Desk) -> None:
    """A script that knows an id need not look first."""
    order = ordered(desk)
    hand_in(desk, order, CertCommonName="other.example.com")
    assert approve(desk, f"order:{order}") is None


@pytest.mark.parametrize("decide", ["ApproveReview", "RejectReview"])
def test_what_was_listed_and_changed_is_not_decided(desk: Desk, decide: str) -> None:
    """Where it was never shown, the last list counts; a new list is a new look."""
    order = ordered(desk)
    listed(desk)
    hand_in(desk, order, CertCommonName="other.example.com")
    given: dict[str, object] = {"Id": f"order:{order}"}
    if decide == "RejectReview":
        given["Reason"] = "no"
    with pytest.raises(errors.InvalidParam, match=rf"{CHANGED} listed.*other\.example\.com"):
        desk.operator_as(ANN, decide, **given)
    listed(desk)
    desk.operator_as(ANN, decide, **given)


def test_a_list_does_not_count_for_what_was_shown_before(desk: Desk) -> None:
    """However often it is listed afterwards; shown again, it is decided."""
    order = ordered(desk)
    show(desk, f"order:{order}")
    hand_in(desk, order, CertCommonName="other.example.com")
    listed(desk)
    listed(desk)
    with pytest.raises(errors.InvalidParam, match=rf"{CHANGED} showed"):
        approve(desk, f"order:{order}")
    show(desk, f"order:{order}")
    assert approve(desk, f"order:{order}") is None


def test_a_letter_that_was_swapped_is_not_approved(desk: Desk) -> None:
    """The digest of the file is what is compared."""
    order = desk.submit(LETTER_OV)
    approve(desk, "manager:1")
    desk.letter(order, PDF)
    show(desk, f"order:{order}")
    hand_in(desk, order)
    desk.letter(order, PNG)
    with pytest.raises(errors.InvalidParam, match=r"Order\.Letter\.Sha256 is .*, and was"):
        approve(desk, f"order:{order}")


def test_the_same_letter_again_is_what_was_seen(desk: Desk) -> None:
    """Sent after a rejection, or because the review was stopped: only its time differs."""
    order = desk.submit(LETTER_OV)
    approve(desk, "manager:1")
    desk.letter(order, PDF)
    show(desk, f"order:{order}")
    desk.clock.move(timedelta(minutes=1))
    hand_in(desk, order, CertCommonName="example.com")
    desk.letter(order, PDF)
    assert approve(desk, f"order:{order}") == "approved"


def test_another_company_or_person_is_not_approved(desk: Desk) -> None:
    """Of what is sealed everywhere else the refusal tells what it is now, and not what it was."""
    order = ordered(desk)
    show(desk, f"order:{order}")
    hand_in(desk, order, OrgOrganization="Other Trading Ltd", AdminPhone="13100000000")
    approve(desk, "manager:2")
    with pytest.raises(errors.InvalidParam) as refused:
        approve(desk, f"order:{order}")
    assert 'Company.CompanyName is "Other Trading Ltd"' in refused.value.message
    assert str(COMPANY["OrgOrganization"]) not in refused.value.message
    sights = desk.store.read(lambda unit: unit.sights.where(subject=f"order:{order}"))
    for word in ("OrgOrganization", "AdminPhone", "AdminLastName", "OrgPhoneNumber"):
        assert str(COMPANY[word]) not in sights[0].members


def test_a_request_to_revoke_is_kept_from_as_it_was_seen(desk: Desk) -> None:
    """The owner gave it up, and asked for another reason: `order keep` is a decision too."""
    order = desk.submit(DV)
    desk.take_on(order)
    for validator in desk.validators.values():
        validator.verdicts.clear()
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order, Reason="superseded")
    name = f"revocation:{order}"
    attempt = show(desk, name)
    desk.operator_as(BEN, "KeepOrder", CertificateId=order, Reason="a slip")
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order, Reason="keyCompromise")
    keep = {"CertificateId": order, "Reason": "no"}
    for words in (keep, keep | {"Attempt": attempt}):
        with pytest.raises(errors.InvalidParam, match=r"Order\.RevocationReason is .keyComp"):
            desk.operator_as(ANN, "KeepOrder", **words)
    assert desk.stands(order)[0] == 9
    show(desk, name)
    desk.operator_as(ANN, "KeepOrder", CertificateId=order, Reason="no")
    assert desk.stands(order)[0] == 1


# --- the digest ----------------------------------------------------------------------------------


def test_a_digest_decides_whatever_was_shown_before(desk: Desk) -> None:
    """It says what is meant, in either case of its letters; another one decides nothing."""
    order = ordered(desk)
    before = show(desk, f"order:{order}")
    hand_in(desk, order, CertCommonName="other.example.com")
    with pytest.raises(errors.InvalidParam, match=r"Attempt: .*Order\.Names"):
        approve(desk, f"order:{order}", Attempt=before)
    now = listed(desk)[f"order:{order}"]
    assert approve(desk, f"order:{order}", Attempt=now.upper()) is None


def test_approving_in_the_order_of_the_list_works_with_the_digests_of_one_list(desk: Desk) -> None:
    """What the desk does meanwhile changes nothing of what is decided."""
    orders = [desk.submit(), desk.submit(), desk.submit(LETTER_OV)]
    desk.letter(orders[2], PDF)
    for name, attempt in listed(desk).items():
        assert approve(desk, name, Attempt=attempt) == "approved"
        for order in orders:
            desk.take_on(order)
    assert [desk.stands(order) for order in orders] == [(1, None)] * 3


def test_a_digest_makes_no_second_person(desk: Desk) -> None:
    """Two users of the system approve an EV order, with digests or without."""
    name = f"order:{ordered(desk)}"
    attempt = listed(desk)[name]
    assert approve(desk, name, Attempt=attempt) is None
    with pytest.raises(errors.InvalidParam, match=f"uid {ANN} already approved it"):
        desk.operator_as(ANN, "ApproveReview", Id=name, Attempt=attempt)
    assert approve(desk, name, BEN, Attempt=attempt) == "approved"


def test_what_was_seen_goes_with_the_order(desk: Desk) -> None:
    """Nothing of it is left when the order is deleted."""
    order = desk.submit()
    show(desk, f"order:{order}")
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.call(desk.caller, "DeleteCertificate", CertificateId=order)
    assert desk.store.read(lambda unit: unit.sights.where(subject=f"order:{order}")) == []


# --- the kind ------------------------------------------------------------------------------------


LOOKS: dict[str, Callable[[Desk, str], object]] = {
    "show": lambda desk, order: show(desk, f"order:{order}"),
    "list": lambda desk, _: listed(desk),
    "another shows": lambda desk, order: show(desk, f"order:{order}", BEN),
    "names": lambda desk, order: hand_in(desk, order, CertCommonName=fresh(desk)),
    "same again": lambda desk, order: hand_in(desk, order, CertCommonName=name_now(desk, order)),
}


def fresh(desk: Desk) -> str:
    """Give a name that was not there before."""
    return f"n{desk.store.read(lambda unit: unit.submissions.count())}.example.com"


def name_now(desk: Desk, order: str) -> str:
    """Give the name that is there."""
    return str(desk.order(order).domain)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.sampled_from(sorted(LOOKS)), max_size=7))
def test_a_decision_is_made_if_and_only_if_it_is_about_what_was_seen(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[str]
) -> None:
    """Shown last; where it was never shown, listed last; where neither, anything."""
    with Desk(tmp_path_factory.mktemp("desk"), rules_with(four_eyes=True)) as desk:
        order = ordered(desk)
        shown = in_list = None
        for deed in deeds:
            LOOKS[deed](desk, order)
            if deed == "show":
                shown = name_now(desk, order)
            if deed == "list":
                in_list = name_now(desk, order)
        seen = shown or in_list
        if seen is None or seen == name_now(desk, order):
            assert approve(desk, f"order:{order}") is None
        else:
            with pytest.raises(errors.InvalidParam, match=CHANGED):
                approve(desk, f"order:{order}")


def test_every_member_that_is_shown_is_compared_but_for_those_that_are_named() -> None:
    """A new member of what is shown takes part; a name that is none of them is found here."""
    every = {path for path, _ in flat(_filled(ShowReviewReply))} | STANDING
    known = _paths(ShowReviewReply)
    assert {path for path in STANDING if path not in known} == set()
    assert known == every


def _paths(kind: type[msgspec.Struct], path: str = "") -> set[str]:
    found = set()
    for field in msgspec.structs.fields(kind):
        its, inner = f"{path}{field.encode_name}", _struct(field.type)
        if inner is None or its in STANDING:
            found.add(its)
        else:
            found |= _paths(inner, f"{its}.")
    return found


def _filled(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Give the members of a structure with every structure in it there."""
    return {
        field.encode_name: _filled(inner) if (inner := _struct(field.type)) else "x"
        for field in msgspec.structs.fields(kind)
    }


def _struct(kind: object) -> type[msgspec.Struct] | None:
    for each in getattr(kind, "__args__", (kind,)):
        if (
            getattr(kind, "__origin__", None) is not list
            and isinstance(each, type)
            and issubclass(each, msgspec.Struct)
        ):
            return each
    return None


MEMBERS = st.dictionaries(
    st.sampled_from(["Order", "Company", "Contact", "Uin"]),
    st.one_of(st.text(max_size=5), st.dictionaries(st.text("AB", min_size=1), st.text(max_size=5))),
)


@given(before=MEMBERS, now=MEMBERS)
def test_two_digests_are_equal_if_and_only_if_nothing_has_changed(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    """And then nothing is told; else at least one member is."""
    one, other = members_of(before, b"key"), members_of(now, b"key")
    same = dict(flat(before)) == dict(flat(now))
    assert (digest_of(one) == digest_of(other)) == same
    assert (changes(one, other, now) == []) == same
