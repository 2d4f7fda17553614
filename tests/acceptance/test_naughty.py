"""A thousand requests that make no sense: each is answered as documented, and nothing stays.

`tests/slow` asks all of them.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import pytest

from tests.acceptance.nonsense import Asker, deep_and_huge, nonsense, unexpected
from tests.acceptance.processes import NO_RSA_STOCK
from tests.conformance.scene import Scene, set_up
from tests.conformance.shapes import public_actions
from tests.running import running

EVERY = 61
MUTATIONS = 6


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A desk with an account that has a company and a manager."""
    with running(tmp_path_factory.mktemp("naughty") / "desk", settings=NO_RSA_STOCK) as desk:
        yield set_up(desk)


@pytest.fixture
def asker(scene: Scene) -> Iterator[Asker]:
    """The account's connection."""
    asker = Asker(scene.desk.endpoint, scene.keys)
    with contextlib.closing(asker):
        yield asker


def test_nonsense_is_answered_as_documented(scene: Scene, asker: Asker) -> None:
    """For each action in each form: no code that is not documented, and no InternalError."""
    rng = random.Random(34)  # noqa: S311 -- repeatable
    for action in public_actions():
        requests = nonsense(scene, action, rng, every=EVERY, mutations=MUTATIONS)
        assert unexpected(asker, action, requests) == []
    assert asker.count >= 1_000
    assert "Traceback" not in scene.desk.log


def test_depth_and_size_are_answered_as_documented(scene: Scene, asker: Asker) -> None:
    """Of one action that takes much and one that takes little."""
    for action in public_actions():
        if action.name in ("CertificateInfoSubmit", "DescribeCompanies"):
            requests = deep_and_huge(scene.good(action.name))
            assert unexpected(asker, action, requests) == []
    assert "Traceback" not in scene.desk.log
