"""Texts in which somebody may have written who a person is: reasons, and what owners said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from certdesk.actions.traces import Traces
from certdesk.domain.order import Order
from certdesk.domain.organisation import Manager
from certdesk.domain.records import Review
from certdesk.domain.vetting import subject_of_manager, subject_of_order, subject_of_revocation
from certdesk.ports import Unit

TAKEN_BACK = "(erased)"
"""What stands in the place of a text that named a person."""

_OF_REVIEW = {"reason": "reason of its review"}
_OF_ORDER = {"status_msg": "its StatusMsg", "said": "what its owner said of why"}


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """A text that names a person: the record that has it, whose that is, and what it is there."""

    record: str
    uin: str
    what: str
    text: str


def wordings(unit: Unit, traces: Traces, values: frozenset[str]) -> Iterator[Wording]:
    """Find the texts that have one of the values, which are the person's."""
    for holder in _holders(unit, traces):
        for member, text in _naming(holder, values).items():
            yield Wording(_name(holder), holder.uin, _members(holder)[member], text)


def reworded(unit: Unit, traces: Traces, values: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Take the texts back that have one of the values; tell of each."""
    for holder in _holders(unit, traces):
        members = _naming(holder, values)
        if not members:
            continue
        erased: dict[str, Any] = dict.fromkeys(members, TAKEN_BACK)
        if isinstance(holder, Review):
            unit.reviews.replace(dataclasses.replace(holder, **erased))
        else:
            unit.orders.replace(dataclasses.replace(holder, **erased))
        for member in members:
            yield _name(holder), _members(holder)[member]


def _holders(unit: Unit, traces: Traces) -> Iterator[Review | Order]:
    """Read the orders whose material tells of a person, and the reviews of these and of theirs."""
    managers = (trace.record for trace in traces.found if isinstance(trace.record, Manager))
    subjects = [subject_of_manager(each.manager_id) for each in managers]
    for certificate_id in traces.orders:
        subjects += subject_of_order(certificate_id), subject_of_revocation(certificate_id)
    yield from filter(None, map(unit.reviews.get, subjects))
    yield from filter(None, map(unit.orders.get, traces.orders))


def _naming(holder: Review | Order, values: frozenset[str]) -> dict[str, str]:
    """Give the texts of a record that have one of the values, by member."""
    texts: dict[str, str] = {each: getattr(holder, each) or "" for each in _members(holder)}
    return {
        member: text for member, text in texts.items() if any(value in text for value in values)
    }


def _members(holder: Review | Order) -> dict[str, str]:
    return _OF_REVIEW if isinstance(holder, Review) else _OF_ORDER


def _name(holder: Review | Order) -> str:
    return holder.subject if isinstance(holder, Review) else subject_of_order(holder.certificate_id)
