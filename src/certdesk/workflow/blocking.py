"""Blocks a key that others know or can reckon, and has the work on its orders begin."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from certdesk.domain.records import BlockedKey
from certdesk.ports import Unit


def block(unit: Unit, spki_sha256: bytes, reason: str, now: datetime) -> None:
    """Block a key as compromised; if it is blocked already its reason stays.

    Every order with it is due from now on: each finds by itself what that means for it.
    """
    found = unit.blocked_keys.get(spki_sha256)
    if found is None:
        unit.blocked_keys.add(
            BlockedKey(spki_sha256=spki_sha256, reason=reason, created_at=now, compromised=True)
        )
    elif not found.compromised:
        unit.blocked_keys.replace(dataclasses.replace(found, compromised=True))
    its = {each.certificate_id for each in unit.submissions.where(spki_sha256=spki_sha256)}
    for task in filter(None, map(unit.tasks.get, sorted(its))):
        unit.tasks.replace(
            dataclasses.replace(task, due_at=now, failures=0, set_aside=False, reason="")
        )
