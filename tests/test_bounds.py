"""Every text and every list that a request can bring has a bound, and it is checked first."""

from __future__ import annotations

import pytest
from msgspec import inspect

from certdesk.bootstrap import actions
from certdesk.catalog import Action
from certdesk.domain.errors import ServiceError
from certdesk.wire.model import File
from tests.lengths import Path, lists, texts, written

ACTIONS = list(actions())


def refused(action: Action, path: Path, value: object) -> bool:
    """Tell whether the decoder refuses a value for its length, and names its place."""
    parameters = written(path, value)
    with pytest.raises(ServiceError) as refusal:
        action.decode(parameters)
    message = refusal.value.message
    return "length should be at most" in message and ".".join(path) in message


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_what_is_longer_than_its_type_allows_is_refused_by_the_decoder(action: Action) -> None:
    """Each parameter of each action, those of operators included, and the members of structures."""
    kind = inspect.type_info(action.request)
    for path, most in texts(kind):
        assert refused(action, path, "a" * (most + 1))
    for path, most in lists(kind):
        assert refused(action, path, [1] * (most + 1))


def test_no_bound_is_beyond_what_a_body_may_have() -> None:
    """A file is the longest of all that a type allows, and fits into a body."""
    [(_, longest)] = texts(inspect.type_info(File))
    for action in ACTIONS:
        for _, most in texts(inspect.type_info(action.request)):
            assert most <= longest <= max(one.body_limit for one in ACTIONS)
