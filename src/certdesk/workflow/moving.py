"""Moves an order to another account: values sealed for the old account are sealed for the new one.

All values are opened and sealed again first, then written in one transaction, provided nothing has
changed since it was read. A process that stops half-way has therefore changed nothing, and the step
is taken again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TypeVar

from certdesk.domain.orders import suspension
from certdesk.domain.orders.material import Material, written_out
from certdesk.domain.orders.move import complete_move, unlinked
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal, Submission
from certdesk.domain.pki.records import Certificate, Issuance
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.organisation import Company, Manager, Organisation, People
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.sealed_fields import cleartext_fields, join_fields, secret_fields
from certdesk.domain.vetting.dossier import SEALED, Entry, with_sealed
from certdesk.domain.vetting.records import Letter, Review
from certdesk.domain.vetting.review import subject_of_order, subject_of_revocation
from certdesk.ports import (
    Clock,
    Collection,
    Place,
    Stale,
    Store,
    Unit,
    Vault,
    carry_blocks,
    entries_of,
    is_suspended,
    keep_denied_keys,
    neighbours_of,
    note,
    place_of,
    place_of_entry,
    place_of_letter,
    place_of_party,
    place_of_submission,
    put_entry,
)

Carried = TypeVar("Carried", Proof, Issuance, Renewal, Review)
"""A record with no sealed fields: only its account changes."""


class Belongings(Record, kw_only=True):
    """All that an account stores for an order, except its task.

    `companies` and `managers` belong to the account; the material names them, and they do not move.
    """

    order: Order
    submissions: Sequence[Submission]
    certificates: Sequence[Certificate]
    letters: Sequence[Letter]
    proofs: Sequence[Proof]
    issuances: Sequence[Issuance]
    renewals: Sequence[Renewal]
    reviews: Sequence[Review]
    entries: Sequence[Entry]
    companies: Sequence[Company]
    managers: Sequence[Manager]


class Sealed(Record, kw_only=True):
    """The sealed values of an order, sealed for the other account."""

    submissions: Sequence[Submission]
    certificates: Sequence[Certificate]
    letters: Sequence[Letter]
    entries: Sequence[Entry]


class Moving:
    """Moves orders to other accounts."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        """Work with these parts."""
        self._store = store
        self._vault = vault
        self._clock = clock

    def move(self, order: Order) -> None:
        """Move an order that is due to move.

        Raises:
            Stale: something changed since it was read; nothing was moved.
            VaultError: a sealed value does not open; nothing was moved.
        """
        before = self._store.read(functools.partial(belongings_of, order))
        after = self._sealed(before, complete_move(before.order).uin)
        self._store.write(functools.partial(self._hand_over, before, after))

    def _sealed(self, before: Belongings, uin: str) -> Sealed:
        return Sealed(
            submissions=[self._submission(before, each, uin) for each in before.submissions],
            certificates=[self._certificate(each, uin) for each in before.certificates],
            letters=[self._letter(each, uin) for each in before.letters],
            entries=[self._entry(each, uin) for each in before.entries],
        )

    def _submission(self, before: Belongings, submission: Submission, uin: str) -> Submission:
        moved = replace(submission, uin=uin, company_id=None, manager_id=None)
        place = functools.partial(place_of_submission, submission)
        other = functools.partial(place_of_submission, moved)
        opened = self._vault.open(submission.personal, place("personal"))
        material = self._written_out(
            before, join_fields(Material, submission.facts, opened), submission
        )
        return replace(
            moved,
            facts=cleartext_fields(material),
            personal=self._vault.seal(secret_fields(material), other("personal")),
            key_pass=self._over(submission.key_pass, place("key_pass"), other("key_pass")),
            private_key=self._over(
                submission.private_key, place("private_key"), other("private_key")
            ),
        )

    def _written_out(
        self, before: Belongings, material: Material, submission: Submission
    ) -> Material:
        """Return the material with data in place of ids, which the other account lacks."""
        organisation = people = None
        for company in before.companies:
            if company.company_id == submission.company_id:
                opened = self._vault.open(company.personal, place_of_party(company))
                organisation = join_fields(Organisation, company.facts, opened)
        for manager in before.managers:
            if manager.manager_id == submission.manager_id:
                opened = self._vault.open(manager.personal, place_of_party(manager))
                people = join_fields(People, manager.facts, opened)
        return written_out(material, organisation, people)

    def _certificate(self, certificate: Certificate, uin: str) -> Certificate:
        moved = replace(certificate, uin=uin)
        key, password = "private_key", "archive_pass"
        return replace(
            moved,
            private_key=self._over(
                certificate.private_key, place_of(certificate, key), place_of(moved, key)
            ),
            archive_pass=self._over(
                certificate.archive_pass, place_of(certificate, password), place_of(moved, password)
            ),
        )

    def _letter(self, letter: Letter, uin: str) -> Letter:
        moved = replace(letter, uin=uin)
        content = self._vault.open(letter.content, place_of_letter(letter))
        return replace(moved, content=self._vault.seal(content, place_of_letter(moved)))

    def _entry(self, entry: Entry, uin: str) -> Entry:
        """Seal what people added to a review for the other account."""
        moved: Entry = replace(entry, uin=uin)
        over = {
            field: self._over(
                getattr(entry, field), place_of_entry(entry, field), place_of_entry(moved, field)
            )
            for field in SEALED[type(entry)]
        }
        return with_sealed(moved, over)

    def _over(self, sealed: bytes | None, place: Place, other: Place) -> bytes | None:
        """Seal for another place what was sealed for the first."""
        return None if sealed is None else self._vault.seal(self._vault.open(sealed, place), other)

    def _hand_over(self, before: Belongings, after: Sealed, unit: Unit) -> None:
        if belongings_of(before.order, unit) != before or is_suspended(unit, before.order):
            raise Stale("orders")
        keep_denied_keys(unit, before.order)
        moved = unit.orders.replace(complete_move(before.order))
        its = moved.certificate_id
        for submission in after.submissions:
            unit.submissions.replace(submission)
        for certificate in after.certificates:
            unit.certificates.remove(its, certificate.attempt)
            unit.certificates.add(certificate)
        for letter in after.letters:
            unit.letters.remove(its, letter.attempt, letter.kind)
            unit.letters.add(letter)
        for entry in after.entries:
            put_entry(unit, entry)
        _carry(unit.proofs, before.proofs, moved.uin)
        _carry(unit.issuances, before.issuances, moved.uin)
        _carry(unit.renewals, self._gone_on_with(before.renewals), moved.uin)
        _carry(unit.reviews, before.reviews, moved.uin)
        task = unit.tasks.get(its)
        if task is not None:
            due = replace(task, uin=moved.uin, due_at=self._clock.now(), reason="")
            unit.tasks.replace(due)
        carry_blocks(unit, before.order, moved.uin)
        # Orders that stay in the old account no longer refer to it.
        for other in neighbours_of(unit, before.order):
            unit.orders.replace(unlinked(other, its))
        note(unit, self._clock.now(), before.order, "MoveOut", f"to {moved.uin}")
        note(unit, self._clock.now(), moved, "MoveIn", f"from {before.order.uin}")

    def _gone_on_with(self, renewals: Sequence[Renewal]) -> list[Renewal]:
        """Return the renewals without the pause that the old account's state put on them."""
        return [
            replace(each, due_at=self._clock.now(), reason="")
            if each.reason == suspension.REASON
            else each
            for each in renewals
        ]


def belongings_of(order: Order, unit: Unit) -> Belongings:
    """Read all that is stored for an order.

    Raises:
        Stale: the order has changed since it was read.
    """
    its = order.certificate_id
    if unit.orders.get(its) != order:
        raise Stale("orders")
    submissions = unit.submissions.where(certificate_id=its)
    companies = {each.company_id for each in submissions} - {None}
    managers = {each.manager_id for each in submissions} - {None}
    subjects = subject_of_order(its), subject_of_revocation(its)
    return Belongings(
        order=order,
        submissions=submissions,
        certificates=unit.certificates.where(certificate_id=its),
        letters=unit.letters.where(certificate_id=its),
        proofs=unit.proofs.where(certificate_id=its),
        issuances=unit.issuances.where(certificate_id=its),
        renewals=unit.renewals.where(certificate_id=its),
        reviews=_found(unit.reviews, subjects),
        entries=[entry for each in subjects for entry in entries_of(unit, each)],
        companies=_found(unit.companies, companies),
        managers=_found(unit.managers, managers),
    )


Found = TypeVar("Found", bound=Record)


def _found(collection: Collection[Found], keys: Iterable[object]) -> list[Found]:
    return [record for key in keys if (record := collection.get(key)) is not None]


def _carry(collection: Collection[Carried], records: Sequence[Carried], uin: str) -> None:
    for record in records:
        collection.replace(replace(record, uin=uin))
