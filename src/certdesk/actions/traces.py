"""Where a person stands in what the desk keeps: every sealed record is opened and compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime

import structlog

from certdesk.actions import parties
from certdesk.actions.submissions import earlier_material
from certdesk.catalog import Context
from certdesk.domain.material import Material
from certdesk.domain.organisation import Company, Manager, Organisation, People
from certdesk.domain.person import Known, Role, Wanted
from certdesk.domain.policy import User
from certdesk.domain.records import Letter, Submission
from certdesk.domain.secret import Secret
from certdesk.domain.vetting import subject_of_manager, subject_of_order
from certdesk.ports import Collection, Record, Unit, VaultError

PAGE = 1000

log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """A record that tells of the person, opened, and as what they stand in it."""

    record: Submission | Manager | Company
    holder: Material | People | Organisation
    roles: tuple[Role, ...]

    @property
    def name(self) -> str:
        """How the record is called: `manager:3`, `company:1` or `order:CERTID/2`."""
        return name_of(self.record)

    @property
    def since(self) -> datetime:
        """When it was entered or handed in."""
        record = self.record
        return record.submitted_at if isinstance(record, Submission) else record.created_at


@dataclasses.dataclass(frozen=True, slots=True)
class Traces:
    """All of a person; `unreadable` names records that do not open, so that nobody can tell.

    `users` are sub-users that are named by the person's address.
    """

    found: list[Trace]
    letters: list[Letter]
    users: list[User]
    unreadable: list[str]

    @property
    def orders(self) -> list[str]:
        """The certificate ids of the orders whose material tells of the person."""
        records = (trace.record for trace in self.found)
        its = (each.certificate_id for each in records if isinstance(each, Submission))
        return list(dict.fromkeys(its))


def traces_of(context: Context, unit: Unit, wanted: Wanted, uin: str | None) -> Traces:
    """Go through what an account keeps, or all accounts."""
    whose: dict[str, object] = {"uin": uin} if uin else {}
    traces = Traces([], [], [], [])
    for user in _all(unit.users, whose):
        if wanted.is_value(Known.EMAIL, Secret(user.name)):
            traces.users.append(user)
    for record in _records(unit, whose):
        try:
            holder = _opened(context, record)
        except VaultError:
            log.exception("a record does not open", record=name_of(record))
            traces.unreadable.append(name_of(record))
            continue
        roles = wanted.roles_in(holder)
        if roles:
            traces.found.append(Trace(record, holder, roles))
    for certificate_id in traces.orders:
        traces.letters.extend(unit.letters.where(certificate_id=certificate_id))
    return traces


def name_of(record: Submission | Manager | Company) -> str:
    """Give the name of a record, as reviews have it where they do."""
    if isinstance(record, Submission):
        return f"{subject_of_order(record.certificate_id)}/{record.number}"
    if isinstance(record, Manager):
        return subject_of_manager(record.manager_id)
    return f"company:{record.company_id}"


def _records(unit: Unit, whose: dict[str, object]) -> Iterator[Submission | Manager | Company]:
    yield from _all(unit.companies, whose)
    yield from _all(unit.managers, whose)
    yield from _all(unit.submissions, whose)


def _all(collection: Collection[Record], whose: dict[str, object]) -> Iterator[Record]:
    offset = 0
    while page := collection.where(offset=offset, limit=PAGE, **whose):
        yield from page
        offset += len(page)


def _opened(
    context: Context, record: Submission | Manager | Company
) -> Material | People | Organisation:
    if isinstance(record, Submission):
        return earlier_material(context, record)
    if isinstance(record, Manager):
        return parties.people_of(context.vault, record)
    return parties.organisation_of(context.vault, record)
