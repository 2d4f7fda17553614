"""The audit log in SQL, and pages of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from certdesk.domain.accounts.records import AuditEntry, AuditPage, AuditQuery
from certdesk.storage.collections import SqlCollection
from certdesk.storage.schema import AUDIT

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


class SqlAudit(SqlCollection[AuditEntry]):
    """`ports.AuditLog` on a connection that is in a transaction."""

    def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of an account's entries, newest first, and how many there are in all."""
        its = self._sql.table.c
        conditions = self._conditions(query)
        counting = sa.select(sa.func.count()).select_from(self._sql.table).where(*conditions)
        total = self._connection.execute(counting).scalar_one()
        if query.offset >= total or not query.limit:
            return AuditPage((), total)
        statement = (
            sa.select(self._sql.table)
            .where(*conditions)
            .order_by(its.at.desc(), its.entry_id.desc())
            .limit(query.limit)
            .offset(query.offset)
        )
        rows = self._connection.execute(statement)
        return AuditPage(tuple(AUDIT.build(row._asdict()) for row in rows), total)

    def _conditions(self, query: AuditQuery) -> tuple[ColumnElement[bool], ...]:
        its = self._sql.table.c
        return (
            its.uin == query.uin,
            its.at.between(query.since, query.until),
            its.action.in_(sorted(query.actions)),
        )
