"""Reviews, stored through a transaction."""

from __future__ import annotations

from certdesk.domain.values.record import replace
from certdesk.domain.vetting.records import Review
from certdesk.ports.unit import Unit


def put_review(unit: Unit, review: Review) -> Review:
    """Store a review in the place of an earlier one of the same thing."""
    earlier = unit.reviews.get(review.subject)
    if earlier is None:
        return unit.reviews.add(review)
    return unit.reviews.replace(replace(review, version=earlier.version))


def withdraw_review(unit: Unit, subject: str) -> None:
    """End the wait for a review, if there is one."""
    review = unit.reviews.get(subject)
    if review is not None and review.verdict is None:
        unit.reviews.remove(subject)


def remove_review(unit: Unit, subject: str) -> None:
    """Remove a review, and what reviewers saw of it, together with its subject."""
    unit.reviews.remove(subject)
    for sight in unit.sights.where(subject=subject):
        unit.sights.remove(subject, sight.operator)
