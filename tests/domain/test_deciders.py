"""Who counts as whom when people decide: one human being, two, or nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.vetting.deciders import Asker, Decider, are_two, asked_by_same, login_of
from certdesk.domain.vetting.review import why_not


def decider(*logins: str, name: str = "ann") -> Decider:
    """Return a human being with these logins."""
    return Decider(name=name, logins=frozenset(logins))


LOGINS = st.sets(st.sampled_from(["person:1", "person:2", "uid:0", "uid:7", "user:3"]))
DECIDERS = LOGINS.map(lambda logins: decider(*logins))


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        (["uid:0"], ["uid:7"], True),
        (["person:1"], ["person:2"], True),
        (["person:1"], ["uid:0"], False),
        (["person:1"], ["uid:0", "person:2"], True),
        (["person:1", "uid:7"], ["uid:0"], True),
        (["person:1", "uid:0"], ["uid:0", "person:1"], False),
        (["person:1"], ["person:1", "uid:7"], False),
        ([], ["uid:0"], False),
        (["user:3"], ["uid:0"], False),
    ],
)
def test_two_people_are_two_only_where_the_desk_knows_it(
    one: list[str], other: list[str], *, two: bool
) -> None:
    """A login of the console and a user of the system may be one human being, unless linked."""
    assert are_two(decider(*one), decider(*other)) == two


@given(one=DECIDERS, other=DECIDERS)
def test_being_two_is_mutual_and_nobody_is_two_alone(one: Decider, other: Decider) -> None:
    """Whoever approves first."""
    assert are_two(one, other) == are_two(other, one)
    assert not are_two(one, one)


@pytest.mark.parametrize("name", ["ANN", " a n n ", "\N{FULLWIDTH LATIN SMALL LETTER A}nn"])
def test_a_request_is_own_by_a_linked_login_or_an_equal_name(name: str) -> None:
    """Of a user whose login is linked to the reviewer, or who is called like the reviewer."""
    ann = decider("person:1", "user:3")
    assert asked_by_same(ann, [Asker(name="x", login="user:3")])
    assert asked_by_same(ann, [Asker(name=name, login="user:9")])
    assert not asked_by_same(ann, [Asker(name="ben", login="user:9"), Asker(name="", login="")])


def test_the_reason_says_what_to_do() -> None:
    """Own request, the same person again, and a person who cannot be told apart."""
    ann, root = decider("person:1"), decider("uid:0", name="root")
    assert "another person must approve it" in why_not(ann, [], [Asker(name="ann", login="")])
    assert "already approved it; a second person" in why_not(ann, [ann], [])
    assert "has to link their logins" in why_not(root, [ann], [])
    assert why_not(ann, [decider("person:2")], [Asker(name="eve", login="user:3")]) == ""


@pytest.mark.parametrize("operator", ["operator", "", "uid", "uid:7", "desk 7"])
def test_a_caller_who_is_not_known_has_no_login(operator: str) -> None:
    """Nothing can be said of them."""
    assert login_of(operator) == ""
