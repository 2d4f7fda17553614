"""What follows from the types of a DNS provider's settings, whatever they are."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Annotated, Any

import click
import pytest
from click.testing import CliRunner

from certdesk.cli.zones import provider_options, read_settings
from certdesk.domain.validation.challenge import Challenge, ProofKind, new_challenge
from certdesk.domain.validation.dns_zone import Zone
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.secret import Secret
from certdesk.ports import DnsProviders, Given, SettingRefused, UpdateFailed, settings_of
from certdesk.validation.providers import PROVIDERS
from tests.inside import NOON, InsideDesk

CHALLENGE = new_challenge(
    DomainName.parse("example.com"),
    ProofKind.TXT,
    random.Random(1),  # noqa: S311 -- the same in every run
    NOON,
)
GIVEN: dict[str, str | Secret] = {
    "customer": "7",
    "api_token": Secret("open sesame"),
    "pass_phrase": Secret("swordfish"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """Who asks, and what proves it."""

    customer: str
    api_token: Secret
    pass_phrase: Secret


class Token:
    """A provider with two secrets, which notes by which settings it was asked."""

    name = "token"

    def __init__(self) -> None:
        """Begin without."""
        self.asked: list[tuple[str, TokenSettings]] = []

    def settings(
        self,
        *,
        customer: Annotated[str, Given("NUMBER", "Who asks.")],
        api_token: Annotated[Secret, Given("FILE", "The token.")],
        pass_phrase: Annotated[Secret, Given("FILE", "What the token is sealed with.")],
    ) -> TokenSettings:
        """Take numbers of customers alone."""
        if not customer.isdecimal():
            raise SettingRefused("customer", "must be a number")
        return TokenSettings(customer=customer, api_token=api_token, pass_phrase=pass_phrase)

    def add(self, zone: str, settings: TokenSettings, challenge: Challenge) -> None:
        """Note it."""
        assert challenge == CHALLENGE
        self.asked.append((zone, settings))

    remove = add


def zone(uin: str, provider: str = "token") -> Zone:
    """A zone without settings."""
    return Zone(uin=uin, name="example.com", provider=provider, created_at=NOON)


def test_what_is_sealed_is_what_the_provider_gets(tmp_path: Path) -> None:
    """Each secret is sealed for its own place, and what is kept shows none."""
    desk, provider = InsideDesk(tmp_path), Token()
    providers = DnsProviders(desk.vault, (*PROVIDERS, provider))
    kept = providers.sealed(zone(desk.account().uin), GIVEN)
    providers.add(kept, CHALLENGE)
    providers.remove(kept, CHALLENGE)
    assert provider.asked == [("example.com", provider.settings(**GIVEN))] * 2  # type: ignore[arg-type]  # as the names say
    assert kept.described == "token (customer 7)"
    assert [name for name, _ in kept.secrets] == ["api_token", "pass_phrase"]
    printed = f"{kept} {provider.asked}"
    assert [word for word in ("sesame", "swordfish") if word in printed] == []


@pytest.mark.parametrize(
    ("given", "setting", "rule"),
    [
        (GIVEN | {"customer": "x"}, "customer", "must be a number"),
        ({"customer": "7"}, "", "token accepts customer, api_token .a secret., pass_phrase"),
        (GIVEN | {"api_token": "open"}, "", "and nothing else"),
        (GIVEN | {"zone": "a"}, "", "and nothing else"),
    ],
)
def test_settings_are_the_providers_to_refuse(
    tmp_path: Path, given: dict[str, Any], setting: str, rule: str
) -> None:
    """Those that it declares are all needed, secret or not as they are declared."""
    desk = InsideDesk(tmp_path)
    providers = DnsProviders(desk.vault, (Token(),))
    with pytest.raises(SettingRefused, match=rule) as refused:
        providers.sealed(zone(desk.account().uin), given)
    assert refused.value.setting == setting


def test_a_zone_of_a_provider_that_is_gone_is_not_changed(tmp_path: Path) -> None:
    """The text says which there are."""
    desk = InsideDesk(tmp_path)
    with pytest.raises(UpdateFailed, match=r"zone example\.com must be one of token\.$"):
        DnsProviders(desk.vault, (Token(),)).add(zone("1", "gone"), CHALLENGE)


@click.command()
@click.option("--provider", default="rfc2136")
@provider_options({each.name: settings_of(each) for each in (*PROVIDERS, Token())})
def asking(provider: str, **given: str | Path) -> None:
    """Print what would be asked for."""
    declared = {each.name: settings_of(each) for each in (*PROVIDERS, Token())}
    click.echo(str(read_settings(declared[provider], given)))


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file with a secret."""
    (tmp_path / "secret").write_text("open sesame")
    return str(tmp_path / "secret")


def test_options_follow_from_settings(file: str) -> None:
    """What is secret comes from a file, and the help says whose option it is."""
    words = ["--provider", "token", "--customer", "7"]
    words += ["--api-token-file", file, "--pass-phrase-file", file]
    asked = CliRunner().invoke(asking, words)
    clear = [{"Name": "customer", "Value": "7"}]
    secrets = [{"Name": name, "Value": "open sesame"} for name in ("api_token", "pass_phrase")]
    assert asked.output.strip() == str((clear, secrets))
    helped = " ".join(CliRunner().invoke(asking, ["--help"]).output.split())
    assert "--api-token-file FILE token: The token." in helped
    assert "--server ADDRESS:PORT rfc2136: The DNS server" in helped


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--server", "127.0.0.1:53"], "Missing option '--key-file'."),
        (["--provider", "token"], "Missing option '--customer'."),
        (
            ["--server", "127.0.0.1:53", "--key-file", "FILE", "--customer", "7"],
            "The provider has no option '--customer'.",
        ),
    ],
)
def test_options_of_another_provider_are_wrong_usage(
    file: str, words: list[str], fault: str
) -> None:
    """And so is one that is missing."""
    asked = CliRunner().invoke(asking, [file if word == "FILE" else word for word in words])
    assert (asked.exit_code, fault in asked.output) == (2, True)
