"""Providers to sign in with are refused at the start if a setting breaks a rule."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from certdesk.bootstrap.sign_in import sign_in_providers
from certdesk.domain.people.provider import Provider
from certdesk.settings import Settings, SettingsError

GOOD = Provider(name="company", issuer="https://id.example.com", client_id="desk")


def settings(**change: Any) -> Settings:  # noqa: ANN401 -- any setting
    """Return settings with one provider."""
    return Settings(oidc=(dataclasses.replace(GOOD, **change),))


def test_a_provider_needs_nothing_but_its_issuer_and_a_name_for_the_desk(tmp_path: Path) -> None:
    """With a secret, the file's content counts, without the end of the line."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    for each in (settings(), settings(client_secret_file=str(secret))):
        assert [provider.shown for provider in sign_in_providers(each)] == ["company"]
    assert "s3cret" not in repr(settings(client_secret_file=str(secret)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"issuer": "http://id.example.com"}, "oidc.company.issuer: must start with https://"),
        ({"client_id": ""}, "oidc.company.client_id: is missing"),
        ({"scopes": ()}, "oidc.company.scopes: must have openid"),
        ({"client_secret_file": "/nowhere"}, "oidc.company.client_secret_file: No such file"),
        ({"ca_file": "/nowhere"}, "oidc.company.ca_file: No such file"),
        ({"ca_file": __file__}, "oidc.company.ca_file: "),
    ],
)
def test_a_setting_that_breaks_a_rule_is_refused(change: dict[str, Any], message: str) -> None:
    """By its whole name."""
    with pytest.raises(SettingsError) as refused:
        sign_in_providers(settings(**change))
    assert str(refused.value).startswith(message)


def test_an_empty_secret_and_a_second_provider_of_an_issuer_are_refused(tmp_path: Path) -> None:
    """Neither is meant."""
    empty = tmp_path / "secret"
    empty.write_text("\n")
    with pytest.raises(SettingsError, match="client_secret_file: is empty"):
        sign_in_providers(settings(client_secret_file=str(empty)))
    with pytest.raises(SettingsError, match="two providers have it"):
        sign_in_providers(Settings(oidc=(GOOD, dataclasses.replace(GOOD, name="second"))))
