"""Whether it is noticed that a resolver says no more."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from certdesk.validation.exchange import Server
from certdesk.validation.resolver import Resolver
from certdesk.validation.resolver_watch import AnsweringResolvers
from certdesk.world.nameserver import NameServer, nameserver


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    """A resolver."""
    with nameserver() as started:
        yield started


def test_a_resolver_is_silent_after_two_checks_in_vain(names: NameServer) -> None:
    """One packet may get lost; an answer ends it at once, also one that there is nothing."""
    resolver = Resolver([Server.parse(names.endpoint)], None, random.Random(1))  # noqa: S311 -- query ids
    resolvers = AnsweringResolvers(resolver)
    assert resolvers.answering() == {names.endpoint: True}
    names.fail(".")
    resolvers.check()
    assert resolvers.silent() == {}
    resolvers.check()
    assert resolvers.answering() == {names.endpoint: False}
    assert "SERVFAIL" in resolvers.silent()[names.endpoint]
    names.fail(".", "NOERROR")
    resolvers.check()
    assert resolvers.silent() == {}
