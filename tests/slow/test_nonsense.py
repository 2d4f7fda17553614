"""Requests that make no sense by the ten thousand: answered as documented, and nothing stays."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.catalog import Action
from tests.acceptance.nonsense import KIB, Asker, deep_and_huge, nonsense, unexpected
from tests.acceptance.processes import NO_RSA_STOCK
from tests.conformance.scene import set_up
from tests.conformance.shapes import public_actions
from tests.footprint import open_files, resident_kib
from tests.running import RunningDesk, running

EVERY = 3
"""Of five forms: each wrong type and each text comes in one or two of them."""

MUTATIONS = 100
WARM_UP = 29
"""To begin with, one in so many: after it the desk has what it needs for its work."""

REMEMBERED_KIB = 0.4
"""A signature is remembered for ten minutes."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk of its own."""
    settings = f"quota.submissions = 1000000\n{NO_RSA_STOCK}"
    with running(tmp_path / "desk", settings=settings) as desk:
        yield desk


@pytest.mark.timeout(1800)
def test_nonsense_is_answered_as_documented_and_leaves_nothing_behind(desk: RunningDesk) -> None:
    """Every wrong type, every naughty text in every field, chance, depth and size."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 -- pytest shows it where the test fails
    rng = random.Random(seed)  # noqa: S311 -- repeatable
    for action in public_actions():
        ask(desk, action, rng, every=WARM_UP)
    files, kib = open_files(desk.pid), resident_kib(desk.pid)
    count = sum(ask(desk, action, rng, every=EVERY) for action in public_actions())
    print(f"{count} requests; {kib} KiB before, {resident_kib(desk.pid)} after")  # noqa: T201 -- the figures are the result
    assert open_files(desk.pid) <= files + 10
    assert resident_kib(desk.pid) <= kib + 30 * KIB + REMEMBERED_KIB * count
    assert "Traceback" not in desk.log


def ask(desk: RunningDesk, action: Action, rng: random.Random, *, every: int) -> int:
    """Send nonsense for an action with an account of its own; give how much it was."""
    scene = set_up(desk)
    mutations = MUTATIONS * EVERY // every
    with contextlib.closing(Asker(desk.endpoint, scene.keys)) as asker:
        requests = nonsense(scene, action, rng, every=every, mutations=mutations)
        assert unexpected(asker, action, requests) == []
        assert unexpected(asker, action, deep_and_huge(scene.good(action.name))) == []
        return asker.count
