"""A provider that does not answer keeps nobody waiting who signs in without it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import pytest

from certdesk.web.console.app import MOST_AT_PROVIDERS
from certdesk.web.server import PROVIDER_THREADS, SIGN_IN_THREADS
from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.desks import ConsoleDesk, console_in
from tests.console.visitor import TOKEN, Answer

PAGE = "/console/sign-in"
NUMBER = max(SIGN_IN_THREADS, PROVIDER_THREADS)
"""As many providers as may keep a thread busy, since each is asked for one person at a time."""


@pytest.fixture(scope="module")
def silent() -> Iterator[list[socket.socket]]:
    """Providers that take a connection and say nothing."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(NUMBER)]


@pytest.fixture(scope="module")
def console(
    tmp_path_factory: pytest.TempPathFactory, silent: list[socket.socket]
) -> Iterator[ConsoleDesk]:
    """A desk that would ask them."""
    settings = NO_RSA_STOCK
    for number, server in enumerate(silent):
        settings += f"""
[oidc.silent{number}]
issuer = "http://127.0.0.1:{server.getsockname()[1]}"
client_id = "desk"
title = "Silent {number}"
reviewer_groups = ["vetting"]
"""
    with console_in(tmp_path_factory.mktemp("silent"), settings) as started:
        yield started


def test_others_sign_in_while_providers_are_silent(
    console: ConsoleDesk, silent: list[socket.socket]
) -> None:
    """All threads for providers wait, few people do, and the others are told to come later."""
    visitors = [console.visitor() for _ in range(MOST_AT_PROVIDERS + 1)]
    tokens = [visitor.token(PAGE) for visitor in visitors]
    paths = [f"{PAGE}/with/silent{number % NUMBER}" for number in range(len(visitors))]
    with ThreadPoolExecutor(len(visitors)) as people, contextlib.ExitStack() as asked:

        def begin(number: int) -> Future[Answer]:
            return people.submit(visitors[number].post, paths[number], {TOKEN: tokens[number]})

        begun = [begin(number) for number in range(NUMBER)]
        for server in silent:
            asked.enter_context(server.accept()[0])
        assert console.visitor().get(PAGE).status == 200
        assert not any(each.done() for each in begun)
        begun += [begin(number) for number in range(NUMBER, len(visitors))]
        done, _ = wait(begun, return_when=FIRST_COMPLETED)
        assert 503 in {each.result().status for each in done}
        for server in silent:
            server.close()
