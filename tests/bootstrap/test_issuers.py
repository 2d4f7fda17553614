"""Which issuers a desk has, by its settings."""

from __future__ import annotations

import pytest

from certdesk.bootstrap.issuing import issuers_of_products
from certdesk.settings import Settings, SettingsError


def test_a_desk_has_its_own_ca_for_every_product() -> None:
    """Where its settings say nothing else."""
    assert issuers_of_products(Settings()) == {}
    named = Settings(issuer_products=("8=private", "25=private"))
    assert issuers_of_products(named) == {8: "private", 25: "private"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issuer_names": ("nobody",)}, "issuer.names: nobody is not of private"),
        ({"issuer_names": ()}, "issuer.names: none is not of private"),
        ({"issuer_products": ("8",)}, "issuer.products: 8 is not a product number and a name"),
        ({"issuer_products": ("8=nobody",)}, "issuer.products: 8=nobody is not"),
        ({"issuer_products": ("0=private",)}, "issuer.products: 0=private is not"),
        ({"issuer_products": ("x=private",)}, "issuer.products: x=private is not"),
        ({"issuer_products": ("\u00b2=private",)}, "issuer.products: \u00b2=private is not"),
    ],
)
def test_a_wrong_issuer_is_told(changes: dict[str, tuple[str, ...]], told: str) -> None:
    """Before anything is made, with the setting and the value."""
    with pytest.raises(SettingsError, match=f"^{told}"):
        issuers_of_products(Settings(**changes))  # type: ignore[arg-type]  # two of its fields
