"""Many who sign in at the same time, at two desks on one database of each kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from certdesk.domain.errors import ServiceError
from certdesk.domain.people.delays import LOGIN
from certdesk.domain.values.record import replace
from certdesk.ports import HashesBusy
from tests.inside import InsideDesk
from tests.operator import people
from tests.passkeys import Authenticator
from tests.signing_in import NETWORK, Browser, accepting, invited, staff
from tests.storage.stores import KINDS, of_two_desks

AT_ONCE = 12


@pytest.fixture(params=KINDS)
def desks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[InsideDesk]]:
    """Run two desks."""
    with of_two_desks(request.param, tmp_path, request) as (one, other):
        first = InsideDesk(tmp_path, store=one)
        second = InsideDesk(tmp_path, store=other, clock=first.clock)
        # With the same random numbers, both would now and then begin the same session.
        other_numbers = random.Random(2)  # noqa: S311 -- repeatable, and guards nothing here
        second.engine = replace(
            second.engine,
            vault=first.vault,
            rng=other_numbers,
            sign_in_providers=first.engine.sign_in_providers,
        )
        yield [first, second]


def at_once(desks: list[InsideDesk], do: Callable[[Browser], str]) -> Counter[str]:
    """Let many browsers do the same at once, at both desks; return how often each word came."""

    def one(number: int) -> str:
        try:
            return do(Browser(desks[number % 2], network=f"192.0.2.{number}"))
        except HashesBusy:
            return "busy"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(threads.map(one, range(AT_ONCE)))


def refusal(act: Callable[[], object]) -> str:
    """Do something that may be refused; return the code, "" if it is not."""
    try:
        act()
    except ServiceError as refused:
        return refused.code
    return ""


def test_guesses_at_the_same_time_get_no_further_than_one_after_the_other(
    desks: list[InsideDesk],
) -> None:
    """No more are checked than are free, whichever desk they reach."""
    staff(desks[0], "ann")

    def guess(browser: Browser) -> str:
        browser.network = NETWORK
        return browser.refused_sign_in("ann", "a wrong password").split(".")[1]

    told = at_once(desks, guess)
    checked = told["SignInRefused: The name or the password is wrong"]
    assert 1 <= checked <= LOGIN
    assert told.total() == AT_ONCE


def test_a_link_and_a_code_are_used_once_at_the_same_time(desks: list[InsideDesk]) -> None:
    """One browser is in, and the others are not."""
    token = invited(desks[0], "ann")
    used = at_once(
        desks,
        lambda browser: browser.refusal("AcceptInvitation", Token=token, Password="x" * 12)[:30],
    )
    assert used[""] == 1

    ben = staff(desks[0], "ben")
    code = ben.recovery_codes[0]
    thieves = [Browser(desk) for desk in desks]
    for thief in thieves:
        thief.sign_in("ben")
    with ThreadPoolExecutor(2) as threads:
        refusals = list(
            threads.map(lambda thief: thief.refusal("GiveSecondStep", Code=code), thieves)
        )
    assert refusals.count("") == 1
    assert [thief.is_signed_in for thief in thieves].count(True) == 1


def test_an_answer_of_a_browser_is_used_once_at_the_same_time(desks: list[InsideDesk]) -> None:
    """By a passkey that counts nothing, so that no counter tells; and of a provider."""
    person, device = people.halfway(desks[0], "ann"), Authenticator(people.ORIGIN)
    device.count = 0
    person.answer("AddPasskey", device.make(person.ask("BeginPasskey")), Name="laptop")
    stranger = people.Browser(desks[0])
    answer = device.use(stranger.ask("BeginPasskeySignIn"))
    used = at_once(
        desks, lambda it: refusal(lambda: _of(it, stranger).answer("SignInWithPasskey", answer))
    )
    assert used[""] == 1
    assert used.total() == AT_ONCE

    desks[0].provider.groups["anna"] = ("vetting",)
    brought = desks[0].provider.sign_in(stranger.begin(), "anna")
    used = at_once(desks, lambda it: refusal(lambda: _of(it, stranger).finish(brought)))
    assert used[""] == 1
    assert used.total() == AT_ONCE


def _of(browser: Browser, other: people.Browser) -> people.Browser:
    """Return a copy of another browser, at the desk of this one."""
    return people.Browser(browser.desk, other.cookie)


def test_a_session_and_its_end_count_at_both_desks(desks: list[InsideDesk]) -> None:
    """As a person may reach either with each click."""
    ann = accepting(desks[0], invited(desks[0], "ann"))
    elsewhere = Browser(desks[1], ann.cookie)
    elsewhere.set_up_app()
    here = Browser(desks[0], elsewhere.cookie)
    seen = [here.is_signed_in, elsewhere.is_signed_in]
    desks[1].operator("EndPerson", Login="ann")

    assert [*seen, here.is_signed_in, elsewhere.is_signed_in] == [True, True, False, False]
