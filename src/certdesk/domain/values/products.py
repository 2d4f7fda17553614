"""The products that can be bought, by the vendor's numbers.

Source: CreateCertificate.ProductId and Certificates.PackageType of both editions of the API.
"""

from __future__ import annotations

import dataclasses
import enum
import functools

DNSPOD_SERIES = range(43, 57)
"""The products for which CaType chooses the CA (CertificateInfoSubmit, parameter CaType)."""


UPLOADED = 0
"""The number in the place of a product for an uploaded certificate, which has none."""

FREE = 83
"""The free product (ApplyCertificate, parameter PackageType)."""

MOST_NAMES, MOST_YEARS = 100, 10
"""The most names and years of one order (CreateCertificate, DomainNum and TimeSpan)."""

FREE_MONTHS, FREE_DAYS = 3, 90
"""How long a free certificate lasts at most (ApplyCertificate, parameter ValidityPeriod)."""


class Level(enum.Enum):
    """The level of vetting: the domain, the organisation, or more about the organisation."""

    DV = "DV"
    OV = "OV"
    EV = "EV"


class Scope(enum.Enum):
    """The names that a product covers."""

    SINGLE = "single domain"
    MULTI = "multi-domain"
    WILDCARD = "wildcard"
    MULTI_WILDCARD = "multi-domain wildcard"

    @property
    def many(self) -> bool:
        """Whether the product takes names besides the common name."""
        return self in (Scope.MULTI, Scope.MULTI_WILDCARD)

    @property
    def wildcards(self) -> bool:
        """Whether the product takes wildcard names."""
        return self in (Scope.WILDCARD, Scope.MULTI_WILDCARD)


class Sale(enum.Enum):
    """How an order for a product is made, or why there can be none."""

    BOUGHT = "CreateCertificate"
    FREE = "ApplyCertificate"
    SM2 = "not built (SM2)"
    NONE = "not sold"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Product:
    """One line of the price list; `number` is ProductId and PackageType on the wire."""

    number: int
    brand: str
    level: Level
    scope: Scope
    edition: str = ""
    buyable: bool = True

    @functools.cached_property
    def name(self) -> str:
        """The product's name as shown, such as `GlobalSign OV (multi-domain)`."""
        words = f"{self.brand} {self.level.value}"
        if self.edition:
            words += f" {self.edition}"
        return words if self.scope is Scope.SINGLE else f"{words} ({self.scope.value})"

    @property
    def sm2(self) -> bool:
        """Whether it is a pair of certificates with the Chinese SM2 algorithm."""
        return self.brand.endswith("SM2")

    @property
    def identity_numbers(self) -> bool:
        """Whether the order needs the six identity parameters (CFCA)."""
        return self.brand == "CFCA"

    @property
    def chooses_ca(self) -> bool:
        """Whether CaType may be given."""
        return self.number in DNSPOD_SERIES

    @property
    def names(self) -> range:
        """How many names an order covers: one, or a number to choose from."""
        return range(2, MOST_NAMES + 1) if self.scope.many else range(1, 2)

    @property
    def years(self) -> range:
        """The years that it is sold for: one for CFCA 99 to 101 (the vendor's list)."""
        return range(1, 2) if self.number in range(99, 102) else range(1, MOST_YEARS + 1)

    @property
    def term(self) -> str:
        """The time that it is sold for, in words."""
        if self.sale is Sale.FREE:
            return f"{FREE_MONTHS} months"
        if self.sale is Sale.NONE:
            return "-"
        return f"{spelled(self.years)} year{'s' * (len(self.years) > 1)}"

    @property
    def sale(self) -> Sale:
        """How an order for it is made."""
        if self.number == FREE:
            return Sale.FREE
        if not self.buyable:
            return Sale.NONE
        return Sale.SM2 if self.sm2 else Sale.BOUGHT


def spelled(numbers: range) -> str:
    """Return a range of numbers in words: `1`, or `2 to 100`."""
    least, most = numbers[0], numbers[-1]
    return f"{least}" if least == most else f"{least} to {most}"


S, M, W, WM = Scope.SINGLE, Scope.MULTI, Scope.WILDCARD, Scope.MULTI_WILDCARD
DV, OV, EV = Level.DV, Level.OV, Level.EV

_LINES: tuple[tuple[str, Level, str, dict[int, Scope]], ...] = (
    ("SecureSite", OV, "", {6: S, 7: W, 58: M, 75: S, 76: W, 93: M}),
    ("SecureSite", OV, "Pro", {5: S, 57: M, 92: M, 97: S}),
    ("SecureSite", EV, "", {4: S, 60: M, 77: S, 95: M}),
    ("SecureSite", EV, "Pro", {3: S, 59: M, 94: M, 96: S}),
    ("GeoTrust", OV, "", {9: S, 10: W, 78: S, 79: W}),
    ("GeoTrust", EV, "", {8: S, 61: M, 80: S, 91: M}),
    ("TrustAsia", DV, "", {11: M, 12: W, 42: WM, 104: S}),
    ("TrustAsia", DV, "free", {2: S, 83: S}),
    ("TrustAsia", OV, "", {14: S, 13: W, 15: M, 21: WM}),
    ("TrustAsia", EV, "", {16: S, 17: M}),
    ("GlobalSign", OV, "", {18: S, 19: W, 22: M, 23: WM, 81: S, 82: W, 89: M, 88: WM}),
    ("GlobalSign", EV, "", {20: S, 24: M, 85: S, 90: M}),
    ("WoTrus", DV, "", {25: S, 26: M, 27: W}),
    ("WoTrus", OV, "", {28: S, 29: M, 30: W}),
    ("WoTrus", EV, "", {31: S, 32: M}),
    ("WoTrus SM2", DV, "", {33: S, 34: M, 35: W}),
    ("WoTrus SM2", OV, "", {37: S, 38: M, 39: W}),
    ("WoTrus SM2", EV, "", {40: S, 41: M}),
    ("DNSPod", DV, "", {48: S, 49: W, 50: M}),
    ("DNSPod", OV, "", {43: S, 44: W, 45: M}),
    ("DNSPod", EV, "", {46: S, 47: M}),
    ("DNSPod SM2", DV, "", {54: S, 55: W, 56: M}),
    ("DNSPod SM2", OV, "", {51: S, 52: W, 53: M}),
    ("CFCA", OV, "", {98: S, 99: M, 100: W}),
    ("CFCA", EV, "", {101: S}),
    ("Rapid", DV, "", {102: S, 103: W}),
    ("Standard", DV, "one-year", {105: S}),
)

_NOT_SOLD = frozenset({2, 78, 79, 80, 83, 91})
"""Product numbers of older or free certificates (PackageType) that no edition sells."""

PRODUCTS: dict[int, Product] = {
    number: Product(
        number=number,
        brand=brand,
        level=level,
        scope=scope,
        edition=edition,
        buyable=number not in _NOT_SOLD,
    )
    for brand, level, edition, numbers in _LINES
    for number, scope in numbers.items()
}


DNS_AUTO = "DNS_AUTO"
"""The VerifyType (and similar) for names that are proved by records that the desk adds."""
