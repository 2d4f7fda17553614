"""Proof by file: what the settings say of it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from certdesk.bootstrap import SystemClock, open_desk, validators
from certdesk.domain.validation.challenge import Finding, ProofKind, Verdict
from certdesk.settings import Settings, SettingsError, load
from certdesk.validation.exchange import Server
from certdesk.validation.resolver import Resolver
from tests.validation.sites import NAME, PATH, SITE, VALUE, Sites, challenge


def validate(world: Sites, allowed: str) -> Finding:
    """Look as a desk does whose environment has these settings."""
    environ = {
        "CERTDESK_PROOF_HTTP_PORT": str(world.http.port),
        "CERTDESK_PROOF_HTTPS_PORT": str(world.https.port),
        "CERTDESK_PROOF_ALLOW_NETWORKS": allowed,
    }
    settings, _ = load(None, environ, {})
    resolver = Resolver([Server.parse(world.dns.endpoint)], None, random.Random(1))  # noqa: S311 -- query ids
    return validators(settings, resolver, SystemClock())[ProofKind.FILE].validate(challenge())


def test_a_desk_looks_where_its_settings_say(world: Sites) -> None:
    """At other ports, in another network; http and https each at its own."""
    world.http.redirect(NAME, PATH, f"https://{NAME}/there")
    world.https.put(NAME, "/there", VALUE)
    assert validate(world, f"{SITE}/32, fd00::/8").verdict is Verdict.PROVED


def test_a_desk_allows_no_network_by_default(world: Sites) -> None:
    """Whatever the ports are."""
    world.http.put(NAME, PATH, VALUE)
    assert validate(world, "").verdict is Verdict.FILE_ABSENT
    assert world.http.requests == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"proof_http_port": 65536}, "proof.http_port, proof.https_port: 65536 is not a port"),
        ({"proof_https_port": 70000}, "proof.http_port, proof.https_port: 70000 is not a port"),
        ({"proof_allow_networks": ("10.0.0.1/8",)}, "proof.allow_networks: 10.0.0.1/8 has host"),
        ({"proof_allow_networks": ("shop",)}, "proof.allow_networks: 'shop' does not appear to"),
    ],
)
def test_a_setting_that_cannot_be_is_told(
    tmp_path: Path, wrong: dict[str, object], message: str
) -> None:
    """With its name and what is wrong; nothing is made of the folder."""
    with (
        pytest.raises(SettingsError, match=f"^{re.escape(message)}"),
        open_desk(Settings(data=str(tmp_path / "data"), **wrong)),  # type: ignore[arg-type]  # one of several types
    ):
        pass
    assert not (tmp_path / "data").exists()
