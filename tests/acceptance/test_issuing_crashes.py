"""`kill -9` at each step of issuing: one serial an order, no lost order, and work goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from tests.acceptance.killing import attempts_of

PROGRAM = "tests.acceptance.issuing_steps"
NAMED = ("_take", "planning", "begin comes", "signing", "_put_back")
"""Words in the names of steps that have to be among those killed at."""


@pytest.mark.timeout(600)
def test_a_kill_at_any_step_of_issuing_costs_no_order_and_makes_no_second_serial(
    tmp_path: Path,
) -> None:
    """What was planned is signed, the same bytes, by whoever comes after."""
    attempts = attempts_of(PROGRAM, tmp_path)
    steps = [attempt["step"] for attempt in attempts]

    assert len(steps) > 12
    assert all(any(word in step for step in steps) for word in NAMED), steps
    assert steps[-1] == ""
    for attempt in attempts:
        found, after = attempt["found"], attempt["after"]
        (certificate,), (serial,) = after["certificates"], after["serials"]
        leaf = x509.load_der_x509_certificate(bytes.fromhex(certificate))
        told = attempt["step"]
        assert f"{leaf.serial_number:x}" == serial, told
        assert found["serials"] in ([], [serial]), told
        assert found["states"] in ([], after["states"]), told
        assert found["certificates"] in ([], [certificate]), told
        assert (after["status"], after["issued"], after["proved"]) == (1, 1, 1), told
    serials = [serial for attempt in attempts for serial in attempt["after"]["serials"]]
    assert len(set(serials)) == len(attempts)
