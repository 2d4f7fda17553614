"""A search for a person in the stored data: every sealed record is opened and compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime

import structlog

from certdesk.actions.orders.stored_submissions import earlier_material
from certdesk.actions.vetting import records
from certdesk.domain.accounts.policy import User
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.records import Submission
from certdesk.domain.privacy.data_subject import PERSONS, Known, Role, Traits, Wanted, person_in
from certdesk.domain.values.organisation import Company, Manager, Organisation, People, Person
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting.records import Letter
from certdesk.domain.vetting.review import subject_of_order, subject_of_revocation
from certdesk.engine import Context
from certdesk.operator import free_texts
from certdesk.operator.free_texts import Wording, name_of
from certdesk.operator.vetting.mentions import NOTHING, Mentions, mentions_in_reviews
from certdesk.ports import Unit, VaultError, all_of

Sealed = Submission | Manager | Company

log = structlog.get_logger()


class Trace(Record):
    """An opened record that has the person's data, and the person's roles in it."""

    record: Sealed
    holder: Material | People | Organisation
    roles: tuple[Role, ...]

    @property
    def name(self) -> str:
        """The name of the record: `manager:3`, `company:1` or `order:CERTID/2`."""
        return name_of(self.record)

    @property
    def since(self) -> datetime:
        """When the record was added or submitted."""
        record = self.record
        return record.submitted_at if isinstance(record, Submission) else record.created_at

    @property
    def people(self) -> Iterator[Person]:
        """Yield the person as recorded; of a contact address, the address only."""
        holder = self.holder
        for role in self.roles:
            if role in PERSONS and not isinstance(holder, Organisation):
                yield person_in(holder, role)
            elif role is Role.ADDRESS and isinstance(holder, Material):
                yield Person(email=holder.contact_email)


@dataclasses.dataclass(frozen=True, slots=True)
class Traces:
    """Everything found about a person; `unreadable` names records that could not be opened.

    `users` are sub-users that are named by the person's address. `texts` name the person by one of
    the `traits`; `mentions` are sealed records with such texts that are not in `found`.
    `in_reviews` is what people wrote and sent during reviews.
    """

    found: list[Trace]
    unreadable: list[str]
    users: list[User]
    traits: Traits
    letters: list[Letter] = dataclasses.field(default_factory=list)
    texts: list[Wording] = dataclasses.field(default_factory=list)
    mentions: list[Trace] = dataclasses.field(default_factory=list)
    in_reviews: Mentions = NOTHING

    @property
    def orders(self) -> list[str]:
        """The certificate ids of the orders whose material has the person's data."""
        records = (trace.record for trace in self.found)
        its = (each.certificate_id for each in records if isinstance(each, Submission))
        return list(dict.fromkeys(its))

    @property
    def reviews(self) -> set[str]:
        """The subjects of the reviews of these orders, and of the person as a manager."""
        subjects = {trace.name for trace in self.found if isinstance(trace.record, Manager)}
        for certificate_id in self.orders:
            subjects |= {subject_of_order(certificate_id), subject_of_revocation(certificate_id)}
        return subjects


def traces_of(context: Context, unit: Unit, wanted: Wanted, uin: str | None) -> Traces:
    """Search one account, or all: first for the person, then for texts about them."""
    whose: dict[str, object] = {"uin": uin} if uin else {}
    standing = _standing(context, unit, wanted, whose)
    people = [person for trace in standing.found for person in trace.people]
    about = {free_texts.about_what(trace.record) for trace in standing.found}
    traits = wanted.traits(people, about)
    shown = {user.user_id for user in standing.users}
    texts = [
        text
        for text in free_texts.wordings(unit, traits, uin)
        if not (isinstance(text.kept, User) and text.kept.user_id in shown)
    ]
    letters = [
        letter
        for certificate_id in standing.orders
        for letter in unit.letters.where(certificate_id=certificate_id)
    ]
    mentions = list(_mentions(context, standing, texts))
    in_reviews = mentions_in_reviews(context, unit, traits, standing.reviews, uin)
    standing.unreadable.extend(in_reviews.unreadable)
    return dataclasses.replace(
        standing,
        traits=traits,
        texts=texts,
        letters=letters,
        mentions=mentions,
        in_reviews=in_reviews,
    )


def _standing(context: Context, unit: Unit, wanted: Wanted, whose: dict[str, object]) -> Traces:
    """Return the records that have the person's data."""
    users = [
        user
        for user in all_of(unit.users, **whose)
        if wanted.is_value(Known.EMAIL, Secret(user.name))
    ]
    traces = Traces([], [], users, wanted.traits((), ()))
    for record in _sealed(unit, whose):
        holder = _opened(context, record, traces.unreadable)
        roles = wanted.roles_in(holder) if holder else ()
        if holder and roles:
            traces.found.append(Trace(record, holder, roles))
    return traces


def _sealed(unit: Unit, whose: dict[str, object]) -> Iterator[Sealed]:
    yield from all_of(unit.companies, **whose)
    yield from all_of(unit.managers, **whose)
    yield from all_of(unit.submissions, **whose)


def _mentions(context: Context, standing: Traces, texts: list[Wording]) -> Iterator[Trace]:
    """Open the sealed records that only mention the person in a text."""
    known = {trace.name for trace in standing.found}
    for text in texts:
        if isinstance(text.kept, Sealed) and text.record not in known:
            known.add(text.record)
            holder = _opened(context, text.kept, standing.unreadable)
            if holder:
                yield Trace(text.kept, holder, ())


def _opened(
    context: Context, record: Sealed, unreadable: list[str]
) -> Material | People | Organisation | None:
    """Open a record; one that cannot be opened is added to `unreadable`."""
    try:
        if isinstance(record, Submission):
            return earlier_material(context, record)
        if isinstance(record, Manager):
            return records.people_of(context.desk.vault, record)
        return records.organisation_of(context.desk.vault, record)
    except VaultError:
        log.exception("a record cannot be decrypted", record=name_of(record))
        if name_of(record) not in unreadable:
            unreadable.append(name_of(record))
        return None
