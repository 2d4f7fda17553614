"""What is stored about one person: shown, or erased."""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.policy import User
from certdesk.domain.errors import InvalidParam, PersonNeeded
from certdesk.domain.orders.material import Material
from certdesk.domain.privacy.data_subject import PERSONS, Known, Role, Wanted, person_in
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.secret import Secret, ending, plain
from certdesk.domain.vetting.dossier import VettingFile
from certdesk.domain.vetting.letters import REVOKE
from certdesk.domain.vetting.records import Letter
from certdesk.domain.vetting.review import subject_of_order, subject_of_revocation
from certdesk.engine import Context
from certdesk.operator import erasure
from certdesk.operator.data_subject_search import Trace, Traces, traces_of
from certdesk.operator.free_texts import Wording
from certdesk.operator.lookups import known_account
from certdesk.operator.vetting.mentions import Passage, erase_mentions, without_passages
from certdesk.ports import DESK, Unit
from certdesk.wire.model import HiddenParsed, Part, Reply, Request, utc_time

LONGEST = 254
"""Characters of an e-mail address; the other values are shorter."""


class PersonData(Part, kw_only=True):
    """A person as stored in one place, in full, but with only the end of the identity number."""

    first_name: str | None = None
    last_name: str | None = None
    position: str | None = None
    phone: str | None = None
    mail: str | None = None
    id_type: str | None = None
    id_number: str | None = None


class PersonRecord(Part, kw_only=True):
    """A place where a person is recorded, and in which role."""

    record: str
    uin: str
    role: str
    since: str | None
    data: PersonData


class LetterRecord(Part, kw_only=True):
    """A letter for an order of the person, or a file of a review; the review shows it."""

    record: str
    uin: str
    form: str
    size: int
    sha256: str
    upload_time: str | None


class TextRecord(Part, kw_only=True):
    """A text in which somebody wrote a value of the person's: a label, a name, a reason."""

    record: str
    uin: str
    what: str
    text: str


class ExportPersonRequest(Request):
    """What identifies the person (`email`, `phone`, `identity`), the value, and the account.

    Without `Uin` the search covers all accounts.
    """

    by: str
    value: HiddenParsed
    uin: str | None = None


class ExportPersonReply(Reply):
    """Everything that is stored; `Unreadable` names records that do not open and may hold more.

    `Person` is the keyed hash that stands for the person in the audit log.
    """

    person: str
    records: list[PersonRecord]
    letters: list[LetterRecord]
    texts: list[TextRecord]
    unreadable: list[str]


@catalog.action(InvalidParam, writes=True, internal=True)
def export_person(context: Context, request: ExportPersonRequest) -> Commit[ExportPersonReply]:
    """Show everything that is stored about one person; the audit log records it."""
    wanted = _wanted(request.by, request.value)
    traces = _find(context, wanted, request.uin)
    person = _hash(context, wanted)
    records = [
        *(record for trace in traces.found for record in _shown(trace)),
        *map(_user, traces.users),
    ]

    def commit(unit: Unit) -> ExportPersonReply:
        _note(context, unit, wanted, traces)
        return ExportPersonReply(
            person=person,
            records=records,
            letters=[*map(_letter, traces.letters), *map(_file, traces.in_reviews.files)],
            texts=[*map(_text, traces.texts), *map(_passage, traces.in_reviews.passages)],
            unreadable=traces.unreadable,
        )

    return commit


class ErasePersonRequest(Request):
    """The same as in `ExportPerson`."""

    by: str
    value: HiddenParsed
    uin: str | None = None


class Erased(Part):
    """A place where the person was recorded, and what was erased there."""

    record: str
    what: str


class Retained(Part):
    """A place where data stays that may be linked to the person, and why."""

    record: str
    what: str
    why: str


class ErasePersonReply(Reply):
    """What was erased and what was not; `Person` is a keyed hash, as in the audit log."""

    person: str
    erased: list[Erased]
    kept: list[Retained]
    unreadable: list[str]


@catalog.action(InvalidParam, PersonNeeded, writes=True, internal=True)
def erase_person(context: Context, request: ErasePersonRequest) -> Commit[ErasePersonReply]:
    """Erase what is stored about one person and need not be kept.

    It is refused while anything that needs the person is under way.
    """
    wanted = _wanted(request.by, request.value)
    traces = _find(context, wanted, request.uin)
    after = [
        erasure.without_person(context, trace, traces.traits)
        for trace in (*traces.found, *traces.mentions)
    ]
    passages = without_passages(context, traces.in_reviews)
    context.held.callback(context.desk.store.checkpoint)

    def commit(unit: Unit) -> ErasePersonReply:
        needed = list(erasure.needed_for(unit, traces))
        if needed:
            raise PersonNeeded(" ".join(needed))
        erased = [
            *erasure.erase(unit, traces, after),
            *erase_mentions(unit, traces.in_reviews, passages),
        ]
        kept = erasure.kept(unit, traces)
        _note(context, unit, wanted, traces)
        return ErasePersonReply(
            person=_hash(context, wanted),
            erased=[Erased(record=record, what=what) for record, what in erased],
            kept=[Retained(record=record, what=what, why=why) for record, what, why in kept],
            unreadable=traces.unreadable,
        )

    return commit


def _wanted(by: str, value: str) -> Wanted:
    if by not in list(Known):
        raise InvalidParam(f"By: must be one of {', '.join(Known)}.")
    # The message never repeats the value itself: it may be an identity number.
    if not 0 < len(value.strip()) <= LONGEST or not value.isprintable():
        raise InvalidParam(f"Value: must be 1 to {LONGEST} printable characters.")
    return Wanted(Known(by), Secret(value))


def _find(context: Context, wanted: Wanted, uin: str | None) -> Traces:
    def read(unit: Unit) -> Traces:
        if uin is not None:
            known_account(unit, uin)
        return traces_of(context, unit, wanted, uin)

    return context.desk.store.read(read)


def _hash(context: Context, wanted: Wanted) -> str:
    """Return the keyed hash that replaces the person's value where the value must not appear."""
    essence = f"person {wanted.by} {wanted.value.text().strip().casefold()}"
    return context.desk.vault.fingerprint(DESK, essence.encode()).hex()


def _note(context: Context, unit: Unit, wanted: Wanted, traces: Traces) -> None:
    """Record the request in the log of each account that it concerns, or in the desk's."""
    person = f"person:{_hash(context, wanted)}"
    records: dict[str, list[str]] = {}
    for trace in traces.found:
        records.setdefault(trace.record.uin, []).append(trace.name)
    for user in traces.users:
        records.setdefault(user.uin, []).append(f"user:{user.user_id}")
    for uin, names in records.items():
        context.record(unit, person, ", ".join(names), uin=uin)
    if not records:
        context.record(unit, person, "nothing found")


def _shown(trace: Trace) -> Iterator[PersonRecord]:
    for role in trace.roles:
        yield PersonRecord(
            record=trace.name,
            uin=trace.record.uin,
            role=role,
            since=utc_time(trace.since),
            data=_data(trace, role),
        )


def _data(trace: Trace, role: Role) -> PersonData:
    holder = trace.holder
    if not isinstance(holder, Organisation) and role in PERSONS:
        return _of_person(person_in(holder, role))
    if isinstance(holder, Material) and role is Role.ADDRESS:
        return PersonData(mail=plain(holder.contact_email))
    organisation = holder if isinstance(holder, Organisation) else _organisation(holder)
    number = plain(organisation.phone_number) or ""
    return PersonData(phone=(organisation.phone_area or "") + number)


def _organisation(holder: object) -> Organisation:
    return holder.organisation if isinstance(holder, Material) else Organisation()


def _of_person(person: Person) -> PersonData:
    return PersonData(
        first_name=person.first_name,
        last_name=person.last_name,
        position=person.title,
        phone=plain(person.phone),
        mail=plain(person.email),
        id_type=person.id_type,
        id_number=ending(person.id_number),
    )


def _user(user: User) -> PersonRecord:
    return PersonRecord(
        record=f"user:{user.user_id}",
        uin=user.uin,
        role="user",
        since=utc_time(user.created_at),
        data=PersonData(mail=user.name),
    )


def _letter(letter: Letter) -> LetterRecord:
    subject = subject_of_revocation if letter.kind == REVOKE else subject_of_order
    return LetterRecord(
        record=subject(letter.certificate_id),
        uin=letter.uin,
        form=letter.form,
        size=letter.size,
        sha256=letter.sha256,
        upload_time=utc_time(letter.uploaded_at),
    )


def _file(file: VettingFile) -> LetterRecord:
    return LetterRecord(
        record=file.subject,
        uin=file.uin,
        form=file.form,
        size=file.size,
        sha256=file.sha256,
        upload_time=utc_time(file.added_at),
    )


def _passage(passage: Passage) -> TextRecord:
    entry = passage.entry
    return TextRecord(record=entry.subject, uin=entry.uin, what=passage.what, text=passage.text)


def _text(wording: Wording) -> TextRecord:
    return TextRecord(record=wording.record, uin=wording.uin, what=wording.what, text=wording.text)
