"""`kill -9` at each step of a move: one account has all of it, its keys open, and it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.killing import attempts_of

PROGRAM = "tests.acceptance.moving_steps"
NAMED = (
    "_take",
    "_put_back",
    "_hand_over comes",
    "_hand_over is not committed",
    "_hand_over is durable",
)
"""Words in the names of steps that have to be among those killed at."""


@pytest.mark.timeout(600)
def test_a_kill_at_any_step_of_a_move_leaves_the_certificate_in_one_account(
    tmp_path: Path,
) -> None:
    """Before the one transaction in the old, from then on in the new; nothing is lost."""
    attempts = attempts_of(PROGRAM, tmp_path)
    steps = [attempt["step"] for attempt in attempts]

    assert all(any(word in step for step in steps) for word in NAMED), steps
    assert steps[-1] == ""
    for attempt in attempts:
        before, found, after = attempt["before"], attempt["found"], attempt["after"]
        old, new, told = attempt["old"], attempt["new"], attempt["step"]
        assert (before["owners"], before["status"]) == ([old], 1), told
        assert (found["owners"], found["status"]) in (([old], 15), ([new], 1)), told
        assert (after["owners"], after["status"]) == ([new], 1), told
        assert found["moved"] == ([0, 0] if found["owners"] == [old] else [1, 1]), told
        assert after["moved"] == [1, 1], told
        assert before["opens"] == found["opens"] == after["opens"], told
        assert before["counts"] == found["counts"] == after["counts"], told
    assert {tuple(attempt["found"]["owners"]) for attempt in attempts} == {(old,), (new,)}
