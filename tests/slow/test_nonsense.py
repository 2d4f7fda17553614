"""Requests that make no sense by the ten thousand: answered as documented, and nothing stays.

Fault matrix, row 34; invariants I6 and I9.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.catalog import Action
from tests.acceptance.nonsense import KIB, Asker, deep_and_huge, nonsense, unexpected
from tests.acceptance.processes import NO_RSA_STOCK
from tests.conformance.scene import Scene, set_up
from tests.conformance.shapes import public_actions
from tests.footprint import open_files, resident_kib
from tests.running import running

MUTATIONS = 200
WARM_UP = 29
"""To begin with, one in so many: after it the desk has what it needs for its work."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A desk with an account that has a company and a manager."""
    with running(tmp_path / "desk", settings=NO_RSA_STOCK) as desk:
        yield set_up(desk)


@pytest.mark.timeout(600)
def test_nonsense_is_answered_as_documented_and_leaves_nothing_behind(scene: Scene) -> None:
    """Every wrong type, every naughty text in every field, chance, depth and size, in each form."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 -- pytest shows it where the test fails
    rng = random.Random(seed)  # noqa: S311 -- repeatable
    with contextlib.closing(Asker(scene.desk.endpoint, scene.keys)) as asker:
        for action in public_actions():
            assert ask(scene, asker, action, rng, every=WARM_UP) == []
        files, kib = open_files(scene.desk.pid), resident_kib(scene.desk.pid)
        for action in public_actions():
            assert ask(scene, asker, action, rng, every=1) == []
        print(f"{asker.count} requests: {kib} KiB, then {resident_kib(scene.desk.pid)} KiB")  # noqa: T201
        assert open_files(scene.desk.pid) <= files + 10
        assert resident_kib(scene.desk.pid) <= kib + 30 * KIB
    assert "Traceback" not in scene.desk.log


def ask(scene: Scene, asker: Asker, action: Action, rng: random.Random, *, every: int) -> list[str]:
    """Send all the nonsense for an action; give what was answered otherwise than documented."""
    mutations = MUTATIONS // every
    requests = nonsense(scene, action, rng, every=every, mutations=mutations)
    return unexpected(asker, action, requests) + unexpected(
        asker, action, deep_and_huge(scene.good(action.name))
    )
