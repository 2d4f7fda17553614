"""The same story told to the memory store and to SQLite has the same end."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from certdesk.domain.orders.records import Submission
from certdesk.domain.values.organisation import Company
from certdesk.domain.values.record import replace
from certdesk.storage.sqlite import SqliteStore
from certdesk.testing.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from certdesk.ports import Store, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBMISSION = Submission(
    certificate_id="",
    number=0,
    uin="1",
    submitted_at=NOON,
    request_id="r",
    facts="{}",
    personal=b"",
    key_pass=None,
    private_key=None,
    csr="",
    key="rsa-2048",
    spki_sha256=b"",
    company_id=None,
    manager_id=None,
)
COMPANY = Company(uin="", facts="{}", personal=b"", fingerprint=b"", created_at=NOON)

ids = st.sampled_from(["a", "A", "b", "é", ""])
small = st.integers(1, 3)
maybe = st.none() | small


class Refused(Exception):
    """A commit thinks better of it."""


class Stores(RuleBasedStateMachine):
    """Both stores, and the steps of a story."""

    def __init__(self) -> None:
        """Open both."""
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.stores: list[Store] = [
            self.stack.enter_context(closing(SqliteStore.open(Path(folder) / "desk.db"))),
            self.stack.enter_context(closing(MemoryStore())),
        ]

    def teardown(self) -> None:
        """Close both."""
        self.stack.close()

    def both(self, commit: Callable[[Unit], object], *, refused: bool = False) -> None:
        """Tell the step to both stores; what comes back, or is raised, is the same."""

        def step(unit: Unit) -> object:
            result = commit(unit)
            if refused:
                raise Refused(result)
            return result

        answers = []
        for store in self.stores:
            try:
                answers.append(("gave", store.write(step)))
            except Exception as error:  # noqa: BLE001 -- errors are compared as well
                answers.append((type(error).__name__, str(error)))
        assert answers[0] == answers[1]

    @rule(key=ids, number=small, company=maybe, refused=st.booleans())
    def submit(self, key: str, number: int, company: int | None, *, refused: bool) -> None:
        """Add a submission."""
        record = replace(SUBMISSION, certificate_id=key, number=number, company_id=company)
        self.both(lambda unit: unit.submissions.add(record), refused=refused)

    @rule(key=ids, number=small, version=small, company=maybe, refused=st.booleans())
    def change(
        self, key: str, number: int, version: int, company: int | None, *, refused: bool
    ) -> None:
        """Change a submission that may have another version, or not be there."""
        record = replace(
            SUBMISSION, certificate_id=key, number=number, company_id=company, version=version
        )
        self.both(lambda unit: unit.submissions.replace(record), refused=refused)

    @rule(key=ids, number=small, refused=st.booleans())
    def remove(self, key: str, number: int, *, refused: bool) -> None:
        """Remove a submission, if it is there."""
        self.both(lambda unit: unit.submissions.remove(key, number), refused=refused)

    @rule(uin=ids, count=small, refused=st.booleans())
    def enter_companies(self, uin: str, count: int, *, refused: bool) -> None:
        """Add companies, which get numbers."""
        record = replace(COMPANY, uin=uin)
        self.both(lambda unit: [unit.companies.add(record) for _ in range(count)], refused=refused)

    @rule(number=st.integers(1, 6))
    def remove_company(self, number: int) -> None:
        """Remove a company, perhaps the last one."""
        self.both(lambda unit: unit.companies.remove(number))

    @rule(
        equal=st.fixed_dictionaries({}, optional={"certificate_id": ids, "company_id": maybe}),
        offset=st.integers(0, 3),
        limit=st.none() | st.integers(0, 3),
    )
    def search(self, equal: dict[str, Any], offset: int, limit: int | None) -> None:
        """Look for submissions, and for a page of companies."""
        self.both(lambda unit: unit.submissions.where(offset=offset, limit=limit, **equal))
        self.both(lambda unit: unit.submissions.count(**equal))
        self.both(lambda unit: unit.companies.where(offset=offset, limit=limit))


Stores.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestStoresAgree = Stores.TestCase
