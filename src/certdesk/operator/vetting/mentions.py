"""What people wrote and sent during reviews, as far as it is about a person who is searched for.

All of it is sealed, so it is opened and compared. The files that belong to an order or a manager of
the person count as being about them, as letters do: the desk cannot read them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from certdesk.domain.privacy.data_subject import Traits
from certdesk.domain.values.free_text import ERASED
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting.dossier import Note, Question, VettingFile, with_sealed
from certdesk.engine import Context
from certdesk.operator.free_texts import about_what, name_of
from certdesk.ports import Unit, VaultError, all_of, place_of_entry, put_entry, remove_entry

WHAT: dict[tuple[type, str], str] = {
    (Question, "text"): "a question of a reviewer",
    (Question, "answer"): "an answer to a reviewer",
    (Note, "text"): "a reviewer's note",
}
"""The texts in which a person may be named."""


class Passage(Record):
    """A sealed text that names the person."""

    entry: Question | Note
    field: str
    text: str

    @property
    def what(self) -> str:
        """What the text is."""
        return WHAT[type(self.entry), self.field]


class Mentions(Record):
    """What was found: texts that name the person, and files about their orders and managers."""

    passages: list[Passage]
    files: list[VettingFile]
    unreadable: list[str]


NOTHING = Mentions([], [], [])


def mentions_in_reviews(
    context: Context, unit: Unit, traits: Traits, subjects: Collection[str], uin: str | None
) -> Mentions:
    """Search one account, or all; `subjects` are those of reviews about the person."""
    found = Mentions([], [], [])
    whose: dict[str, object] = {"uin": uin} if uin else {}
    entries: list[Question | Note] = [
        *all_of(unit.questions, **whose),
        *all_of(unit.notes, **whose),
    ]
    for entry in entries:
        for kind, field in WHAT:
            if isinstance(entry, kind):
                _read(context, entry, field, traits, found)
    for file in all_of(unit.vetting_files, **whose):
        name = _open(context, file, "title", found)
        if file.subject in subjects or traits.named_in(name, about_what(file)):
            found.files.append(file)
    return found


def without_passages(context: Context, mentions: Mentions) -> list[Question | Note]:
    """Prepare the records without the texts that name the person, sealed again."""
    after: dict[str, Question | Note] = {}
    for passage in mentions.passages:
        its = after.get(name_of(passage.entry), passage.entry)
        place = place_of_entry(its, passage.field)
        erased = {passage.field: context.desk.vault.seal(Secret(ERASED), place)}
        after[name_of(its)] = with_sealed(its, erased)
    return list(after.values())


def erase_mentions(
    unit: Unit, mentions: Mentions, after: Iterable[Question | Note]
) -> Iterator[tuple[str, str]]:
    """Store the records without the texts, and remove the files; yield what was done.

    Raises:
        Stale: a record has changed since it was read.
    """
    for entry in after:
        put_entry(unit, entry)
    yield from dict.fromkeys((each.entry.subject, each.what) for each in mentions.passages)
    for file in mentions.files:
        remove_entry(unit, file)
        yield file.subject, "a file of its review"


def _read(
    context: Context, entry: Question | Note, field: str, traits: Traits, found: Mentions
) -> None:
    if getattr(entry, field) is None:
        return
    text = _open(context, entry, field, found)
    if traits.named_in(text, about_what(entry)):
        found.passages.append(Passage(entry, field, text))


def _open(
    context: Context, entry: Question | Note | VettingFile, field: str, found: Mentions
) -> str:
    """Open a text; one that cannot be opened is noted, and empty."""
    try:
        return context.desk.vault.open(getattr(entry, field), place_of_entry(entry, field)).text()
    except VaultError:
        found.unreadable.append(name_of(entry))
        return ""
