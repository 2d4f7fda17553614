"""What a provider of sign-ins promises, proven on each one."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from certdesk.domain.people.provider import Provider
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.ports import (
    ProviderFailed,
    ProviderUnreachable,
    Question,
    SignInProvider,
    SignInProviders,
)
from certdesk.testing.sign_in import MemoryProvider
from tests.oidc import adapter_of
from tests.oidc_mock import oidc_mock

QUESTION = Question(
    state="the state",
    nonce="the nonce",
    verifier="v" * 43,
    redirect_uri="http://localhost:8080/console/sign-in/company/back",
)
ANNA, GROUPS = "anna", ("reviewers", "others")


@dataclasses.dataclass
class World:
    """A provider that has Anna, and one that nobody is at.

    `sign_in` returns what her browser brings back from an address; `set_groups` changes hers;
    `forget` ends what she has signed in for.
    """

    provider: SignInProvider
    unreachable: SignInProvider
    sign_in: Callable[[str, str], dict[str, str]]
    set_groups: Callable[[tuple[str, ...]], None]
    forget: Callable[[], None]

    def code(self, question: Question = QUESTION) -> str:
        """Sign her in; return the code."""
        return self.sign_in(self.provider.address(question), ANNA)["code"]


@contextlib.contextmanager
def in_memory(_: Path) -> Iterator[World]:
    """A provider in memory."""
    provider = MemoryProvider(Provider(name="company", issuer="https://id.example"))
    down = MemoryProvider(provider.provider)
    provider.groups[ANNA], down.down = GROUPS, True
    yield World(
        provider,
        down,
        provider.sign_in,
        lambda groups: provider.groups.update({ANNA: groups}),
        provider.groups.clear,
    )


@contextlib.contextmanager
def of_oidc(folder: Path) -> Iterator[World]:
    """A provider of OpenID Connect."""
    with oidc_mock(folder, {ANNA: GROUPS}) as mock:
        provider = mock.settings()
        nobody = dataclasses.replace(provider, issuer="http://127.0.0.1:1")
        yield World(
            adapter_of(provider),
            adapter_of(nobody),
            mock.sign_in,
            lambda groups: mock.set_person(ANNA, *groups),
            lambda: mock.revoke(ANNA),
        )


ADAPTERS: dict[str, Callable[[Path], contextlib.AbstractContextManager[World]]] = {
    "memory": in_memory,
    "OpenID Connect": of_oidc,
}


@pytest.fixture(scope="module", params=ADAPTERS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Each adapter in turn."""
    with ADAPTERS[request.param](tmp_path_factory.mktemp("provider")) as built:
        yield built


@pytest.fixture(autouse=True)
def _groups(world: World) -> None:
    world.set_groups(GROUPS)


def test_a_person_comes_back_with_a_code_and_the_state(world: World) -> None:
    """To the address that the desk named."""
    address = world.provider.address(QUESTION)
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [QUESTION.redirect_uri]
    assert world.sign_in(address, ANNA)["state"] == QUESTION.state


def test_a_code_tells_who_it_is_and_their_groups(world: World) -> None:
    """By issuer and subject."""
    identity = world.provider.vouch(world.code(), QUESTION).identity
    assert identity.issuer == world.provider.provider.issuer
    assert (identity.subject, identity.groups) == (ANNA, GROUPS)


def test_a_code_is_good_once_and_no_other_is(world: World) -> None:
    """What a thief finds in a log is worth nothing."""
    code = world.code()
    world.provider.vouch(code, QUESTION)
    for bad in (code, "another"):
        with pytest.raises(ProviderFailed):
            world.provider.vouch(bad, QUESTION)


def test_a_code_is_good_for_its_browser_alone(world: World) -> None:
    """Each browser has its own nonce."""
    with pytest.raises(ProviderFailed):
        world.provider.vouch(world.code(), replace(QUESTION, nonce="of another browser"))


def test_groups_are_asked_again_later(world: World) -> None:
    """They are those of today."""
    refresh = world.provider.vouch(world.code(), QUESTION).refresh
    assert refresh is not None
    world.set_groups(("auditors",))
    assert world.provider.vouch_again(refresh, ANNA).identity.groups == ("auditors",)


def test_what_was_taken_back_vouches_for_nobody(world: World) -> None:
    """Nor does what never was."""
    refresh = world.provider.vouch(world.code(), QUESTION).refresh
    assert refresh is not None
    world.forget()
    for bad in (refresh, Secret("another")):
        with pytest.raises(ProviderFailed) as failed:
            world.provider.vouch_again(bad, ANNA)
        assert not isinstance(failed.value, ProviderUnreachable)


def test_a_provider_that_does_not_answer_is_told_from_one_that_refuses(world: World) -> None:
    """Who is signed in stays so for a while."""
    for call in (
        lambda: world.unreachable.vouch("code", QUESTION),
        lambda: world.unreachable.vouch_again(Secret("refresh"), ANNA),
        lambda: world.unreachable.address(QUESTION),
        world.unreachable.check,
    ):
        with pytest.raises(ProviderUnreachable):
            call()


def test_a_provider_that_answers_passes_its_check(world: World) -> None:
    """So that an operator knows before anybody signs in."""
    world.provider.check()


def test_providers_are_found_by_name_and_by_issuer(world: World) -> None:
    """And by nothing else."""
    providers = SignInProviders([world.provider])
    issuer = world.provider.provider.issuer
    assert [each.name for each in providers] == ["company"]
    assert providers.find("company") is providers.of_issuer(issuer) is world.provider
    assert providers.find(issuer) is providers.of_issuer("company") is None
