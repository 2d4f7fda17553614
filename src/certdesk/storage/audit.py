"""The audit log in SQL, and pages of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from certdesk.domain.accounts.audit_search import AuditPart, AuditSearch, part_of
from certdesk.domain.accounts.records import AuditEntry, AuditPage, AuditQuery
from certdesk.storage.collections import SqlCollection
from certdesk.storage.schema import AUDIT, TABLES
from certdesk.storage.statement_cache import Values, among, padded

TABLE = TABLES[AUDIT.name]
ITS = TABLE.c
ESCAPE = "\\"
_ESCAPED = str.maketrans({character: ESCAPE + character for character in (ESCAPE, "%", "_")})


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

    def search(self, query: AuditSearch) -> AuditPart:
        """Return a part of the entries that fit, newest first."""
        values = _values_of(query)
        name = query.narrowest
        found = list(self._built(_search, values, name))
        if len(found) > query.limit:
            return part_of(query, found, None)
        # Whether the entries reach further back than was looked.
        last = list(self._built(_last, values | {"offset": query.reach - 1, "limit": 2}, name))
        return part_of(query, found, last[0] if len(last) > 1 else None)


def _count(its: Values) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(TABLE).where(*_conditions(its))


def _page(its: Values) -> sa.Select[Any]:
    found = sa.select(TABLE).where(*_conditions(its))
    newest = found.order_by(ITS.at.desc(), ITS.entry_id.desc())
    return newest.limit(its["limit"]).offset(its["offset"])


def _values_of(query: AuditSearch) -> dict[str, Any]:
    after = query.after
    rest = {name: getattr(query, name) or None for name in ("actor", "uin", "action")}
    if query.narrowest in rest:
        rest[query.narrowest] = None
    return {
        "key": getattr(query, query.narrowest) if query.narrowest else None,
        "since": query.since,
        "until": query.until,
        "at": after.at if after else None,
        "entry_id": after.entry_id if after else None,
        "rest": rest,
        "text": f"%{_escaped(query.text)}%" if query.text else None,
        "limit": query.limit + 1,
        "reach": query.reach,
    }


def _escaped(text: str) -> str:
    """Return a text for LIKE, in which `%` and `_` stand for themselves."""
    return text.translate(_ESCAPED)


def _search(its: Values, name: str | None) -> sa.Select[Any]:
    read = _read(its, name).limit(its["reach"]).subquery()
    conditions = [read.c[key] == value for key, value in its["rest"].items() if value is not None]
    if its["text"] is not None:
        texts = (sa.func.lower(read.c.subject), sa.func.lower(read.c.detail))
        conditions.append(sa.or_(*(text.like(its["text"], escape=ESCAPE) for text in texts)))
    newest = sa.select(read).where(*conditions).order_by(read.c.at.desc(), read.c.entry_id.desc())
    return newest.limit(its["limit"])


def _last(its: Values, name: str | None) -> sa.Select[Any]:
    return _read(its, name).limit(its["limit"]).offset(its["offset"])


def _read(its: Values, name: str | None) -> sa.Select[Any]:
    """Select what is looked through, newest first."""
    conditions = [] if name is None else [ITS[name] == its["key"]]
    if its["since"] is not None:
        conditions.append(ITS.at >= its["since"])
    if its["until"] is not None:
        conditions.append(ITS.at <= its["until"])
    if its["at"] is not None:
        behind = sa.or_(ITS.at < its["at"], ITS.entry_id < its["entry_id"])
        conditions += [ITS.at <= its["at"], behind]
    return sa.select(TABLE).where(*conditions).order_by(ITS.at.desc(), ITS.entry_id.desc())


def _conditions(its: Values) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ITS.uin == its["uin"],
        ITS.at.between(its["since"], its["until"]),
        among(ITS.action, its["actions"]),
    )
