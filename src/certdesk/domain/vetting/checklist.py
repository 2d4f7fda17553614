"""What a reviewer checks, for each kind of review and level, with the rule that asks for it.

Sources: CA/Browser Forum Baseline Requirements (BR) and EV Guidelines 2.0 (EVG), by section.

>>> [item.key for item in items_for("key", None)]
['key-reports', 'key-holders']
"""

from __future__ import annotations

from collections.abc import Iterable

from certdesk.domain.values.products import Level
from certdesk.domain.values.record import Record
from certdesk.domain.vetting.review import KEY, MANAGER, ORDER, REVOCATION


class Item(Record):
    """One thing to check: its key, which is stored, what to do, and the rule."""

    key: str
    text: str
    source: str


_MANAGER = (
    Item("company-exists", "A public register, or another source, has the company.", "BR 3.2.2.1"),
    Item("company-address", "The address is the company's own.", "BR 3.2.2.1"),
    Item("company-country", "The country is the one where the company is.", "BR 3.2.2.3"),
    Item(
        "telephone",
        "The telephone number is from a source other than the applicant.",
        "BR 3.2.5, EVG 3.2.2.5",
    ),
    Item("manager-works", "The company says that the manager works there.", "BR 3.2.5"),
)
_ORDER = (
    Item("names-fit", "The names belong to the company, or it may use them.", "BR 3.2.2.4"),
    Item("subject-fits", "The certificate says nothing but what was checked.", "BR 7.1.2.7.4"),
    Item("order-confirmed", "The company confirms that it placed this order.", "BR 3.2.5"),
    Item("doubts-settled", "Each doubt that the desk shows is settled.", "BR 4.2.1"),
)
_EV = (
    Item("legal-existence", "The registration number is that of the company.", "EVG 3.2.2.2"),
    Item("place-of-business", "The company works at the address.", "EVG 3.2.2.4"),
    Item("operations", "The company does business, or has for three years.", "EVG 3.2.2.6"),
    Item("authority", "The manager may approve orders for the company.", "EVG 3.2.2.8"),
    Item("letter-signed", "The letter is signed by somebody who may sign it.", "EVG 3.2.2.9"),
    Item("not-denied", "Neither company nor manager is on a list of those denied.", "EVG 3.2.2.12"),
    Item(
        "second-look",
        "I have looked at everything once more, and it agrees.",
        "EVG 3.2.2.13",
    ),
)
_REVOCATION = (
    Item("owner-asks", "The owner of the certificate asks, or somebody who may.", "BR 4.9.2"),
    Item("reason-fits", "The reason is the one that the owner gives.", "BR 4.9.1.1"),
)
_KEY = (
    Item("key-reports", "The accounts that reported the key were asked how they know.", "BR 4.9.3"),
    Item("key-holders", "The owners of the other certificates were told.", "BR 4.9.12"),
)

TEXTS = {item.key: item.text for item in (*_MANAGER, *_ORDER, *_EV, *_REVOCATION, *_KEY)}
"""What to check, by the key of the item."""


def items_for(kind: str, level: Level | None) -> tuple[Item, ...]:
    """Return what to check for a review of a kind, and for an order also by its level."""
    if kind == ORDER:
        return (*_ORDER, *_EV) if level is Level.EV else _ORDER
    return {MANAGER: _MANAGER, REVOCATION: _REVOCATION, KEY: _KEY}[kind]


def missing(items: Iterable[Item], ticked: Iterable[str]) -> list[Item]:
    """Return the items that are not ticked."""
    done = frozenset(ticked)
    return [item for item in items if item.key not in done]
