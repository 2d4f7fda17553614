"""Who visits: the session behind the cookie, and the identity that actions are run with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record
from certdesk.engine import Caller

if TYPE_CHECKING:
    from certdesk.engine import Holds

STRANGER = Caller(uin="", actor="console", verified=False)


class Visitor(Record, kw_only=True, gc=True):
    """A visitor; a stranger has no name.

    `holds` returns, in the transaction of an action, whether the session still lasts.
    """

    caller: Caller = STRANGER
    name: str = ""
    role: str = ""
    holds: Holds | None = None
