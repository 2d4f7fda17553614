"""Asks providers of OpenID Connect again whether people who are signed in are still in a group."""

from __future__ import annotations

import uuid

from certdesk.catalog import Catalog
from certdesk.domain.accounts.records import BY_DESK
from certdesk.domain.people.role import Role
from certdesk.engine import Caller, Desk
from certdesk.workflow.repeating import Repeating

ROUND_SECONDS = 5
LISTED = 50
"""The most people of one round."""

DESK = Caller(uin="", actor=BY_DESK, verified=False, role=Role.DESK)


class GroupChecks(Repeating):
    """Goes through the identities whose groups are due to be checked."""

    def __init__(self, desk: Desk, catalog: Catalog) -> None:
        """Prepare; nothing is asked before `start`."""
        check = catalog.find("CheckGroups", internal=True)
        assert check is not None  # noqa: S101 -- it is declared in `operator/people/group_checks.py`
        self._check = check
        self._desk = desk
        super().__init__("group checks", self.round, ROUND_SECONDS)

    def round(self) -> None:
        """Check those that are due."""
        now = self._desk.clock.now()
        due = self._desk.store.read(lambda unit: unit.oidc_identities.due("check_at", now, LISTED))
        for link in due:
            self.go_on()
            request = self._check.decode(
                {"Issuer": link.issuer, "Subject": link.subject, "PersonId": link.person_id}
            )
            self._desk.perform(self._check, DESK, request, str(uuid.uuid4()))
