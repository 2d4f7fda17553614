"""Installing the servers that tests meet changes nothing else on the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import servers


def test_debian_is_told_to_start_nothing_as_long_as_it_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the program that it asks, whose answer 101 means no."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(servers, "POLICY", policy)
    with servers.no_service_started():
        asked = subprocess.run([policy, "unbound", "start"], check=False)
        assert asked.returncode == 101
    assert not policy.exists()


def test_a_policy_of_the_machines_own_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever set it up knows better."""
    policy = tmp_path / "policy-rc.d"
    policy.write_text("its own")
    monkeypatch.setattr(servers, "POLICY", policy)
    with servers.no_service_started():
        assert policy.read_text() == "its own"
    assert policy.read_text() == "its own"
