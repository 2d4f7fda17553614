"""The parts of a certificate's subject other than its domain names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    pass


class Subject(Record, kw_only=True):
    """The subject of a request without its common name; None and ``""`` leave a part out."""

    country: str | None = None
    """ISO 3166-1 code: two capitals."""
    region: str | None = None
    """State or province, at most 128 characters."""
    locality: str | None = None
    """City, at most 128 characters."""
    organisation: str | None = None
    """At most 64 characters."""


class Registration(Record, kw_only=True):
    """Where an organisation is registered, for an EV subject (EV Guidelines 7.1.4.2).

    `number` is the registration number, and `country` a code of ISO 3166-1. `region` and `locality`
    are those of the registry if it is not for a whole country. `category` is one of the four words
    of the Guidelines.
    """

    number: str
    country: str
    region: str | None = None
    locality: str | None = None
    category: str = "Private Organization"
