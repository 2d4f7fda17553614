"""Sealed values, and the places where they can be opened."""

from __future__ import annotations

from typing import Protocol

from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.dns_zone import Zone
from certdesk.domain.values.organisation import Company, Manager
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting.dossier import Entry, Note, Question, VettingFile
from certdesk.domain.vetting.records import Letter

DESK = "desk"
"""The owner of what the desk seals for itself, in the place of a Uin."""


class Place(Record):
    """Where a sealed value is stored; it can be opened nowhere else."""

    uin: str
    table: str
    row: str
    column: str


def place_of(certificate: Certificate, column: str) -> Place:
    """Return the place of a sealed value of a certificate."""
    row = f"{certificate.certificate_id}/{certificate.attempt}"
    return Place(certificate.uin, "certificates", row, column)


def place_of_party(party: Company | Manager) -> Place:
    """Return the place of the sealed fields of a company or a manager."""
    table = "companies" if isinstance(party, Company) else "managers"
    return Place(party.uin, table, party.fingerprint.hex(), "personal")


def place_of_submission(submission: Submission, column: str) -> Place:
    """Return the place of a sealed value of a submission; its RequestId stands for its number."""
    return Place(submission.uin, "submissions", submission.request_id, column)


def place_of_letter(letter: Letter) -> Place:
    """Return the place of the content of a letter."""
    row = f"{letter.certificate_id}/{letter.attempt}/{letter.kind}"
    return Place(letter.uin, "letters", row, "content")


def place_of_entry(entry: Entry, field: str) -> Place:
    """Return the place of a sealed field of what people added to a review."""
    table, row = _ENTRIES[type(entry)]
    return Place(entry.uin, table, str(getattr(entry, row)), field)


_ENTRIES: dict[type[Entry], tuple[str, str]] = {
    Question: ("questions", "question_id"),
    Note: ("notes", "note_id"),
    VettingFile: ("vetting_files", "file_id"),
}


def place_of_zone(zone: Zone, setting: str) -> Place:
    """Return the place of a secret setting of a zone."""
    return Place(zone.uin, "zones", zone.name, setting)


class VaultError(Exception):
    """A sealed value cannot be opened: wrong key, wrong place, or altered."""


class Vault(Protocol):
    """Seals values for one place in the database."""

    def new_keyset(self, uin: str) -> bytes:
        """Make the data keys of a new account, sealed for its record, and remember them."""
        ...

    def seal(self, value: Secret, place: Place) -> bytes:
        """Encrypt `value` so that it opens at `place` only."""
        ...

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Decrypt a value sealed for `place`.

        Raises:
            VaultError: it is not what was sealed there.
        """
        ...

    def describe(self) -> dict[str, str]:
        """Return the key-encryption key in use: provider, place, key ids; nothing secret."""
        ...

    def fingerprint(self, uin: str, value: bytes) -> bytes:
        """Return a keyed fingerprint of `value`, which can be compared within one account."""
        ...
