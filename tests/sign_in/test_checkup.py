"""Whether a check-up finds what is wrong with providers, before anybody signs in."""

from __future__ import annotations

from certdesk.domain.operation.checkup import Health
from certdesk.ports import SignInProviders
from certdesk.sign_in.checkup import ProvidersCheckup
from tests import oidc
from tests.oidc import FakeProvider, Said

URL = "https://ssl.example.com"


def examined(
    fake: FakeProvider, groups: tuple[str, ...] = ("vetting",), public_url: str = URL
) -> list[str]:
    """Look at a provider; return what is wrong."""
    providers = SignInProviders([fake.adapter(reviewer_groups=groups)])
    found = list(ProvidersCheckup(providers, public_url).examine())
    return [each.what for each in found if each.state is not Health.OK]


def test_a_provider_that_is_as_it_must_be_is_well() -> None:
    """And a desk without one has nothing to check."""
    with oidc.provider() as fake:
        assert examined(fake) == []
    assert list(ProvidersCheckup(SignInProviders([]), "").examine()) == []


def test_what_keeps_people_out_is_told() -> None:
    """Each with the reason."""
    with oidc.provider() as fake:
        assert examined(fake, ()) == [f"{fake.issuer}: no group may sign in"]
        assert "http.public_url is not set" in examined(fake, public_url="")[0]
        fake.paths["/keys"] = lambda _: Said({"keys": []})
        assert examined(fake) == [f"{fake.issuer}: the provider has no key that signs"]
        fake.discovery["issuer"] = "https://other.example"
        assert "of another issuer" in examined(fake)[0]
