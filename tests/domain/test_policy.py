"""Policies: a denial wins whatever the order, and what nothing allows is refused."""

from __future__ import annotations

import itertools
import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.accounts.policy import NO_CERTIFICATE, Grants, Policy, Refused, fits

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTIONS = ("ssl:DescribeCertificates", "ssl:DescribeCompanies", "ssl:CertificateInfoSubmit")
CERTIFICATES = ("aaaaaaaa", "bbbbbbbb", "cccccccc")
PROJECTS = (0, 1, 2)
OTHERS = ("dddddddd", NO_CERTIFICATE)
"""An id that no policy here names, and an order that is yet to be made."""
PLACES = tuple(itertools.product((*CERTIFICATES, *OTHERS), (*PROJECTS, 3)))
"""Certificates and projects, one of each that no policy here names."""


def some(texts: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """One or more of the texts, or all there can be."""
    return st.lists(st.sampled_from((*texts, "*")), min_size=1, max_size=3).map(tuple)


policies = st.builds(
    Policy,
    uin=st.just("100000000001"),
    name=st.just("trial"),
    effect=st.sampled_from(["allow", "deny"]),
    actions=some((*ACTIONS, "ssl:Describe*", "ssl:*s")),
    certificates=some(CERTIFICATES),
    projects=some(tuple(map(str, PROJECTS))),
    created_at=st.just(NOON),
)
grants = st.lists(policies, max_size=5).map(lambda some: Grants(tuple(some)))


def policy(effect: str, *actions: str, **limits: tuple[str, ...]) -> Policy:
    """Make a policy."""
    return Policy(
        uin="100000000001",
        name="trial",
        effect=effect,
        actions=actions or ("*",),
        created_at=NOON,
        **limits,  # type: ignore[arg-type]  # certificates and projects
    )


def test_the_account_itself_may_do_everything() -> None:
    """It is bound by no policy."""
    for action, (certificate_id, project_id) in itertools.product(ACTIONS, PLACES):
        assert Grants().permits(action)
        assert not Grants().selects(action)
        assert Grants().refused(action, certificate_id, project_id) is Refused.NOTHING


def test_nothing_is_allowed_at_first() -> None:
    """A user without policies may do nothing."""
    for action, (certificate_id, project_id) in itertools.product(ACTIONS, PLACES):
        assert not Grants(()).permits(action)
        assert Grants(()).refused(action, certificate_id, project_id) is Refused.ACTION


@given(st.lists(policies, max_size=5), st.sampled_from(ACTIONS), st.sampled_from(PLACES))
def test_a_thing_is_allowed_if_a_policy_allows_it_and_none_denies_it(
    some: list[Policy], action: str, place: tuple[str, int]
) -> None:
    """And by nothing else."""
    certificate_id, project_id = place
    speaking = [
        each.effect
        for each in some
        if any(re.fullmatch(pattern.replace("*", ".*"), action) for pattern in each.actions)
        and {certificate_id, "*"} & {*each.certificates}
        and {str(project_id), "*"} & {*each.projects}
    ]
    allowed = "allow" in speaking and "deny" not in speaking
    verdict = Grants(tuple(some)).refused(action, certificate_id, project_id)
    assert (verdict is Refused.NOTHING) == allowed


@given(grants, policies, st.sampled_from(ACTIONS), st.sampled_from(PLACES))
def test_a_denial_wins_whatever_is_allowed(
    given_grants: Grants, denial: Policy, action: str, place: tuple[str, int]
) -> None:
    """What a denial speaks of is refused, beside any other policies."""
    certificate_id, project_id = place
    denial = policy(
        "deny", *denial.actions, certificates=denial.certificates, projects=denial.projects
    )
    if not denial.names_action(action) or not denial.names(certificate_id, str(project_id)):
        return
    assert given_grants.policies is not None
    bound = Grants((*given_grants.policies, denial))
    assert bound.refused(action, certificate_id, project_id) is not Refused.NOTHING


@given(grants, st.sampled_from(ACTIONS), st.sampled_from(PLACES), st.randoms())
def test_the_order_of_policies_says_nothing(
    given_grants: Grants, action: str, place: tuple[str, int], rng: random.Random
) -> None:
    """Neither whether, nor why, nor for what."""
    assert given_grants.policies is not None
    mixed = Grants(tuple(rng.sample(given_grants.policies, len(given_grants.policies))))
    assert mixed.refused(action, *place) is given_grants.refused(action, *place)
    assert mixed.permits(action) is given_grants.permits(action)
    assert mixed.selects(action) is given_grants.selects(action)


@given(grants, st.sampled_from(ACTIONS))
def test_an_action_is_permitted_if_something_is_not_refused(
    given_grants: Grants, action: str
) -> None:
    """In the places that policies name, and in one that none names."""
    free = [place for place in PLACES if not given_grants.refused(action, *place)]
    assert given_grants.permits(action) == bool(free)


@given(grants, st.sampled_from(ACTIONS))
def test_what_is_permitted_for_all_is_refused_only_where_a_limited_denial_is(
    given_grants: Grants, action: str
) -> None:
    """It needs one allowance without limits; a denial stops it if it has none either."""
    assert given_grants.policies is not None
    without = tuple(
        each for each in given_grants.policies if each.effect == "allow" or each.unlimited
    )
    everywhere = [not Grants(without).refused(action, *place) for place in PLACES]
    unlimited = any(each.unlimited and each.names_action(action) for each in without)
    assert given_grants.permits_for_all(action) == (all(everywhere) and unlimited)


@given(
    grants,
    st.sampled_from(ACTIONS),
    st.sampled_from(PLACES),
    st.lists(st.sampled_from(CERTIFICATES), max_size=3).map(tuple),
    st.lists(st.sampled_from(PROJECTS), max_size=3).map(tuple),
)
def test_what_comes_from_elsewhere_is_allowed_less_and_never_more(
    given_grants: Grants,
    action: str,
    place: tuple[str, int],
    origins: tuple[str, ...],
    homes: tuple[int, ...],
) -> None:
    """It is allowed if it is allowed in each project, and no denial names an origin in one."""
    certificate_id, project = place
    assert given_grants.policies is not None
    denials = tuple(each for each in given_grants.policies if each.effect == "deny")
    anything = policy("allow")
    allowed = all(
        not given_grants.refused(action, certificate_id, each) for each in (project, *homes)
    ) and all(
        not Grants((anything, *denials)).refused(action, origin, each)
        for origin in origins
        for each in (project, *homes)
    )
    verdict = given_grants.refused(action, *place, origins=origins, homes=homes)
    assert (verdict is Refused.NOTHING) == allowed


@given(grants, st.sampled_from(ACTIONS))
def test_where_nothing_is_selected_all_places_are_alike(given_grants: Grants, action: str) -> None:
    """A list may then leave the policies alone."""
    if not given_grants.selects(action):
        verdicts = {bool(given_grants.refused(action, *place)) for place in PLACES}
        assert verdicts == {not given_grants.permits(action)}


@given(grants, st.sampled_from(ACTIONS), st.sampled_from(PLACES))
def test_the_action_is_named_only_where_it_is_refused_altogether(
    given_grants: Grants, action: str, place: tuple[str, int]
) -> None:
    """The gateway has refused it then, and no handler is asked."""
    if given_grants.refused(action, *place) is Refused.ACTION:
        assert not given_grants.permits(action)


ONE = policy("allow", certificates=("aaaaaaaa",))
HERE = policy("allow", projects=("1",))


@pytest.mark.parametrize(
    ("bound", "place", "refused"),
    [
        ((policy("allow"),), ("aaaaaaaa", 0), Refused.NOTHING),
        ((ONE,), ("aaaaaaaa", 0), Refused.NOTHING),
        ((ONE,), ("bbbbbbbb", 0), Refused.CERTIFICATE),
        ((ONE,), ("aaaaaaa", 0), Refused.CERTIFICATE),
        ((ONE,), (NO_CERTIFICATE, 0), Refused.CERTIFICATE),
        ((HERE,), ("aaaaaaaa", 1), Refused.NOTHING),
        ((HERE,), ("aaaaaaaa", 11), Refused.PROJECT),
        ((HERE,), (NO_CERTIFICATE, 1), Refused.NOTHING),
        ((HERE, ONE), ("bbbbbbbb", 1), Refused.NOTHING),
        ((HERE, ONE), ("bbbbbbbb", 0), Refused.CERTIFICATE),
        ((policy("allow"), policy("deny")), ("aaaaaaaa", 0), Refused.ACTION),
        ((policy("allow"), policy("deny", projects=("1",))), ("aaaaaaaa", 1), Refused.PROJECT),
        ((policy("deny", certificates=("aaaaaaaa",)),), ("aaaaaaaa", 1), Refused.CERTIFICATE),
        ((policy("allow", "ssl:DescribeCompanies"),), ("aaaaaaaa", 0), Refused.ACTION),
    ],
)
def test_a_refusal_says_what_it_is_about(
    bound: tuple[Policy, ...], place: tuple[str, int], refused: Refused
) -> None:
    """The certificate, its project or the action as such."""
    assert Grants(bound).refused("ssl:DescribeCertificates", *place) is refused


def test_denials_may_eat_an_allowance_up() -> None:
    """One certificate allowed and the same denied leaves nothing to ask for."""
    eaten = Grants((ONE, policy("deny", certificates=("aaaaaaaa", "bbbbbbbb"))))
    assert not eaten.permits("ssl:DescribeCertificates")
    assert Grants((HERE, policy("deny", projects=("2",)))).permits("ssl:DescribeCertificates")


# --- patterns -----------------------------------------------------------------------------------


@given(st.text("ab*[?.\n", max_size=6), st.text("ab*[?.\n", max_size=8))
def test_a_star_is_any_text_and_all_else_itself(pattern: str, text: str) -> None:
    """As a regular expression would say it."""
    wanted = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL)
    assert fits(pattern, text) == (wanted is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        ("*", "", True),
        ("ssl:Describe*", "ssl:DescribeCompanies", True),
        ("ssl:Describe*", "ssl:Describe", True),
        ("ssl:Describe*", "xssl:Describe", False),
        ("ssl:describe*", "ssl:DescribeCompanies", False),
        ("ssl:*Certificate", "ssl:CreateCertificate", True),
        ("ssl:*Certificate", "ssl:DescribeCertificates", False),
        ("ssl:DescribeCompanies", "ssl:DescribeCompanies", True),
        ("ab*ba", "aba", False),
        ("ssl:Describe?ompanies", "ssl:DescribeCompanies", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_patterns_fit_what_they_should(pattern: str, text: str, *, wanted: bool) -> None:
    """Letter case counts, and ends do not overlap."""
    assert fits(pattern, text) is wanted


def test_a_pattern_of_many_stars_is_decided_at_once() -> None:
    """Trying every place for every part would take longer than the sun shines."""
    assert not fits("*a" * 200 + "b", "a" * 5000)
