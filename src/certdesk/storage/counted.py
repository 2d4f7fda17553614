"""Collections that count their records for each account, in any kind of store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from certdesk.domain.accounts.audit_search import AuditPart, AuditSearch
from certdesk.domain.accounts.records import AuditEntry, AuditPage, AuditQuery
from certdesk.ports import Stored
from certdesk.storage.collections import earlier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from certdesk.ports import AuditLog, Collection, CollectionSpec
    from certdesk.storage.usage import Tally


class Counted(Generic[Stored]):
    """A `ports.Collection` that counts what is added to and removed from another one."""

    def __init__(
        self, spec: CollectionSpec[Stored], inner: Collection[Stored], tally: Tally
    ) -> None:
        """Count the records of `inner` in `tally`."""
        self._spec = spec
        self._inner = inner
        self._tally = tally

    def add(self, record: Stored) -> Stored:
        """Store a new record."""
        added = self._inner.add(record)
        self._note(None, added)
        return added

    def get(self, *key: object) -> Stored | None:
        """Read one record, or None."""
        return self._inner.get(*key)

    def replace(self, record: Stored) -> Stored:
        """Store a changed record if its version is still the stored one."""
        before = self._inner.get(*self._spec.key_of(record))
        changed = self._inner.replace(record)
        self._note(before, changed)
        return changed

    def remove(self, *key: object) -> bool:
        """Delete one record; return whether it was there."""
        before = self._inner.get(*key)
        if not self._inner.remove(*key):
            return False
        self._note(before, None)
        return True

    def where(self, *, offset: int = 0, limit: int | None = None, **equal: object) -> list[Stored]:
        """Read the records whose fields equal the given values, in key order."""
        return self._inner.where(offset=offset, limit=limit, **equal)

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the records whose time in `field` is earlier; return how many there were."""
        old = earlier(self._inner, field, before, equal)
        return sum(self.remove(*self._spec.key_of(record)) for record in old)

    def due(
        self,
        field: str,
        by: datetime,
        limit: int,
        *,
        first: str | None = None,
        newest: bool = False,
        unlike: Mapping[str, Sequence[object]] | None = None,
        **equal: object,
    ) -> list[Stored]:
        """Read the records whose time in `field` is `by` or earlier, the earliest first."""
        return self._inner.due(field, by, limit, first=first, newest=newest, unlike=unlike, **equal)

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        return self._inner.count(**equal)

    def _note(self, before: Stored | None, after: Stored | None) -> None:
        self._tally.note(self._spec, before, after)


class CountedAudit(Counted[AuditEntry]):
    """A `ports.AuditLog` that counts its entries."""

    def __init__(self, spec: CollectionSpec[AuditEntry], inner: AuditLog, tally: Tally) -> None:
        """Count the entries of `inner` in `tally`."""
        super().__init__(spec, inner, tally)
        self._log = inner

    def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of the entries that `query` matches, newest first."""
        return self._log.page(query)

    def search(self, query: AuditSearch) -> AuditPart:
        """Return a part of the entries that fit, newest first."""
        return self._log.search(query)
