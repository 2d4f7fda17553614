"""The products, against the vendor's lists written out by hand."""

from __future__ import annotations

import pytest

from certdesk.domain.values.products import PRODUCTS, Level, Scope

# CreateCertificate.ProductId and Certificates.PackageType of both editions of the API:
# S one name, W a wildcard, M many names, WM many names and wildcards.
PUBLISHED = {
    "SecureSite OV": "6S 7W 58M 75S 76W 93M",
    "SecureSite OV Pro": "5S 57M 92M 97S",
    "SecureSite EV": "4S 60M 77S 95M",
    "SecureSite EV Pro": "3S 59M 94M 96S",
    "GeoTrust OV": "9S 10W 78S 79W",
    "GeoTrust EV": "8S 61M 80S 91M",
    "TrustAsia DV": "11M 12W 42WM 104S",
    "TrustAsia DV free": "2S 83S",
    "TrustAsia OV": "14S 13W 15M 21WM",
    "TrustAsia EV": "16S 17M",
    "GlobalSign OV": "18S 19W 22M 23WM 81S 82W 89M 88WM",
    "GlobalSign EV": "20S 24M 85S 90M",
    "WoTrus DV": "25S 26M 27W",
    "WoTrus OV": "28S 29M 30W",
    "WoTrus EV": "31S 32M",
    "WoTrus SM2 DV": "33S 34M 35W",
    "WoTrus SM2 OV": "37S 38M 39W",
    "WoTrus SM2 EV": "40S 41M",
    "DNSPod DV": "48S 49W 50M",
    "DNSPod OV": "43S 44W 45M",
    "DNSPod EV": "46S 47M",
    "DNSPod SM2 DV": "54S 55W 56M",
    "DNSPod SM2 OV": "51S 52W 53M",
    "CFCA OV": "98S 99M 100W",
    "CFCA EV": "101S",
    "Rapid DV": "102S 103W",
    "Standard DV one-year": "105S",
}
LETTERS = {
    "S": Scope.SINGLE,
    "W": Scope.WILDCARD,
    "M": Scope.MULTI,
    "WM": Scope.MULTI_WILDCARD,
}
WORDS = {
    "S": "",
    "W": " (wildcard)",
    "M": " (multi-domain)",
    "WM": " (multi-domain wildcard)",
}
LINES = [
    (name, int(entry.rstrip("SWM")), entry.lstrip("0123456789"))
    for name, entries in PUBLISHED.items()
    for entry in entries.split()
]
UNUSED = {0, 1, 36, *range(62, 75), 84, 86, 87, 106}


def test_the_numbers_are_the_published_ones() -> None:
    """2 to 105, without those that no list has."""
    assert sorted(number for _, number, _ in LINES) == sorted(PRODUCTS)
    assert set(PRODUCTS) == set(range(107)) - UNUSED


@pytest.mark.parametrize(("name", "number", "letters"), LINES)
def test_a_product_is_what_the_lists_say(name: str, number: int, letters: str) -> None:
    """Brand, level, edition and which names it covers."""
    product = PRODUCTS[number]
    assert product.number == number
    assert product.name == name + WORDS[letters]
    assert product.scope is LETTERS[letters]
    assert product.level is Level[name.replace(" SM2", "").split()[1]]


@pytest.mark.parametrize(
    ("scope", "many", "wildcards"),
    [
        (Scope.SINGLE, False, False),
        (Scope.MULTI, True, False),
        (Scope.WILDCARD, False, True),
        (Scope.MULTI_WILDCARD, True, True),
    ],
)
def test_a_scope_says_which_names_it_takes(
    scope: Scope,
    many: bool,  # noqa: FBT001 -- an expected value
    wildcards: bool,  # noqa: FBT001 -- an expected value
) -> None:
    """Further names, and wildcards."""
    assert (scope.many, scope.wildcards) == (many, wildcards)


def test_some_products_cannot_be_bought() -> None:
    """The two free ones, and those that are only seen as PackageType of old certificates."""
    unsold = {number for number, product in PRODUCTS.items() if not product.buyable}
    assert unsold == {2, 78, 79, 80, 83, 91}


def test_some_products_are_pairs_with_sm2() -> None:
    """33 to 35, 37 to 41 and 51 to 56."""
    pairs = {number for number, product in PRODUCTS.items() if product.sm2}
    assert pairs == {33, 34, 35, 37, 38, 39, 40, 41, 51, 52, 53, 54, 55, 56}


def test_cfca_asks_for_identity_numbers() -> None:
    """98 to 101 alone."""
    asking = {number for number, product in PRODUCTS.items() if product.identity_numbers}
    assert asking == {98, 99, 100, 101}


def test_some_of_cfca_are_sold_for_one_year() -> None:
    """The list of the mainland edition names 99 to 101."""
    short = {number for number, product in PRODUCTS.items() if product.term == "1 year"}
    assert short == {99, 100, 101}


def test_the_ca_of_dnspods_series_can_be_chosen() -> None:
    """43 to 56."""
    choosing = {number for number, product in PRODUCTS.items() if product.chooses_ca}
    assert choosing == set(range(43, 57))
