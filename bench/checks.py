"""The checks that defend the desk against attackers, each alone in this process.

A check that a request meets is here if it is a function of its own: what it costs is to be no more
than `MOST` of a submission. Where a check needs a transaction, it runs in one that is open.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy

from bench.inside import OwnDesk
from bench.requests import CSRS, EXAMPLE
from certdesk.domain.accounts.quotas import Quotas, limits_of
from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.accounts.replay import Use
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.visible import unseen_fault
from certdesk.storage.driver import Driver
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.storage.schema import AUDIT, ORDERS, USAGE
from certdesk.storage.usage import EmbeddedUsage, UsageStatements
from certdesk.web.connections.heads import check_head
from certdesk.web.guard import Guard
from certdesk.web.hosts import hosts_of
from certdesk.web.peers import Peers

MOST = 0.03
"""The share of a submission's CPU that a check may cost."""

PREFIX = "check: "


def checks(desk: OwnDesk) -> dict[str, Callable[[], object]]:
    """Prepare each check, by a name that begins with `PREFIX`."""
    prepare_submission = {
        "signature not used before, and rate limit": admitting(desk),
        "caller asked again in the commit": asking_again(desk),
        "every text is one that people can see": seeing(),
        "head with single headers, for this host": heading(),
        "what is added counted, and held against quotas": counting(desk),
    }
    return {PREFIX + name: check for name, check in prepare_submission.items()}


def admitting(desk: OwnDesk) -> Callable[[], object]:
    """Note a new signature, take a place, and leave it."""
    admission = MemoryAdmission(time.time())
    numbers = itertools.count()

    def admit() -> None:
        now = time.time()
        use = Use(
            digest=next(numbers).to_bytes(32, "big"),
            uin=desk.uin,
            action="CertificateInfoSubmit",
            timestamp=int(now) + 1,
            at=now,
            once=True,
            action_signed=False,
        )
        slot = admission.take(use, 1_000_000)
        if slot is not None:
            admission.leave(slot)

    return admit


def asking_again(desk: OwnDesk) -> Callable[[], object]:
    """Read key and account once more, and compare."""
    guard = Guard(desk.engine)
    known = guard.look_up(desk.secret_id)
    return lambda: desk.engine.store.read(lambda unit: guard.holds(known, unit))


def seeing() -> Callable[[], object]:
    """Look at each letter of each text of a submission."""
    material = json.loads(EXAMPLE.read_text()) | {"Csr": CSRS[KeyKind.P_256]}
    texts = [text for text in material.values() if isinstance(text, str)]
    return lambda: [unseen_fault(text) for text in texts]


def heading() -> Callable[[], object]:
    """Check a head's headers, its host, and where it comes from."""
    hosts = hosts_of("127.0.0.1", (), ())
    peers = Peers()
    headers = [
        (b"host", b"127.0.0.1:8080"),
        (b"authorization", b"TC3-HMAC-SHA256 Credential=..."),
        (b"content-type", b"application/json"),
        (b"x-tc-action", b"CertificateInfoSubmit"),
        (b"x-tc-timestamp", b"1772366400"),
        (b"x-tc-version", b"2019-12-05"),
        (b"content-length", b"2000"),
    ]
    scope = {"type": "http", "client": ("127.0.0.1", 50_000), "headers": headers}

    def check() -> None:
        check_head(b"/", headers, version="1.1")
        hosts.allow("127.0.0.1:8080", "127.0.0.1")
        peers.block(scope)

    return check


def counting(desk: OwnDesk) -> Callable[[], object]:
    """Count an order that has changed and a row of the log, as a commit of its own does."""
    engine = sqlalchemy.create_engine("sqlite://")
    USAGE.create(engine)
    usage = EmbeddedUsage(UsageStatements("sqlite"), Driver(engine.connect()))
    now = datetime.now(UTC)
    entry = AuditEntry(at=now, request_id="", uin=desk.uin, actor="", action="", subject="")
    order = Order(
        certificate_id="",
        uin=desk.uin,
        product_id=18,
        domain_num=1,
        time_span=1,
        status=Status.AWAITING_MATERIAL,
        deal_id="",
        created_at=now,
    )
    limits = limits_of(Quotas(audit=10**12))

    def count() -> None:
        usage.begin()
        usage.tally.note(ORDERS, order, order)
        usage.tally.note(AUDIT, None, entry)
        usage.count_changes(limits)
        usage.count_changes({})
        usage.write()

    return count
