"""The audit log in SQL, and pages of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from certdesk.domain.accounts.records import AuditEntry, AuditPage, AuditQuery
from certdesk.storage.collections import SqlCollection
from certdesk.storage.schema import AUDIT, TABLES
from certdesk.storage.statement_cache import Values, among, padded

TABLE = TABLES[AUDIT.name]
ITS = TABLE.c


class SqlAudit(SqlCollection[AuditEntry]):
    """`ports.AuditLog` on a connection that is in a transaction."""

    def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of an account's entries, newest first, and how many there are in all."""
        values = {
            "uin": query.uin,
            "since": query.since,
            "until": query.until,
            "actions": padded(sorted(query.actions)),
            "limit": query.limit,
            "offset": query.offset,
        }
        total = self._sql.cache.number(self._driver, _count, values)
        if query.offset >= total or not query.limit:
            return AuditPage((), total)
        return AuditPage(tuple(self._built(_page, values)), total)


def _count(its: Values) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(TABLE).where(*_conditions(its))


def _page(its: Values) -> sa.Select[Any]:
    found = sa.select(TABLE).where(*_conditions(its))
    newest = found.order_by(ITS.at.desc(), ITS.entry_id.desc())
    return newest.limit(its["limit"]).offset(its["offset"])


def _conditions(its: Values) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ITS.uin == its["uin"],
        ITS.at.between(its["since"], its["until"]),
        among(ITS.action, its["actions"]),
    )
