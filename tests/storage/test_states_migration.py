"""Orders from before have a typed state, which says who decided what."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from certdesk.domain.lifecycle import Stage, StatusMessage
from certdesk.domain.order import Decider, Explanation, Move, Order, Revocation
from tests.storage.before import Migrated, bring_to

ORDER = """
INSERT INTO orders (number, certificate_id, uin, product_id, certificate_type, domain_num,
  time_span, status, status_msg, project_id, alias, auto_renew, deal_id, tags, muted, hosted,
  by_desk, submission, names, delete_record, attempt, key_pass, key_kept, root_known, revocation,
  revocation_reason, said, revoked_at, moves_to, returns_to, origins, home_projects, created_at,
  version)
VALUES ({number}, '{its}', '1', 25, 'SVR', 1,
  1, {status}, {message}, 0, '', false, 'd', '[]', false, false,
  false, 1, '[]', false, 1, false, false, false, {revocation},
  {reason}, '', {revoked}, {to}, {back}, '[]', '[]', '2026-03-01 12:00:00',
  1)
"""
AUDIT = """
INSERT INTO audit (at, uin, actor, action, subject, request_id, detail)
VALUES ('2026-03-01 12:00:00', '1', 'operator', '{action}', '{subject}', '', '')
"""
KEY_KNOWN = "Its private key counts as known to others, so the certificate is revoked."


def fill(connection: Connection) -> None:
    """Bring a database to the revision before, and orders into it."""
    bring_to(connection, "0032")
    revoked = {"status": 10, "revocation": 2, "revoked": "'2026-03-02 12:00:00'"}
    superseded = revoked | {"reason": "'superseded'"}
    rows: list[dict[str, object]] = [
        {"its": "waiting0", "status": 0, "message": "'PENDING-DCV'"},
        {"its": "failed00", "status": 2, "message": "'Not in time.'"},
        {"its": "revoked0", **superseded},
        {"its": "operator", **superseded},
        {"its": "known000", **revoked, "reason": "'keyCompromise'", "message": f"'{KEY_KNOWN}'"},
        {"its": "moving00", "status": 15, "to": "'2'", "back": 3},
        {"its": "plain000", "status": 1},
    ]
    usual = {"message": "NULL", "revocation": 0, "reason": "NULL", "revoked": "NULL"}
    usual |= {"to": "NULL", "back": "NULL"}
    for number, row in enumerate(rows, 1):
        connection.exec_driver_sql(ORDER.format(**usual | row | {"number": number}))
    decisions = [("RevokeCertificate", its) for its in ("revoked0", "operator", "known000")]
    decisions += [("RevokeOrder", "operator"), ("CondemnKey", "known000")]
    for action, subject in decisions:
        connection.exec_driver_sql(AUDIT.format(action=action, subject=subject))


def test_the_state_of_an_order_of_before_is_typed(migrated: Migrated) -> None:
    """What it waits for, why it stands there, who had it revoked, and where it moves to."""
    store = migrated(fill)
    orders = {each.certificate_id: each for each in store.read(lambda unit: unit.orders.where())}

    def state(its: str) -> tuple[object, ...]:
        order: Order = orders[its]
        return order.waits_for, order.reason, order.revocation, order.move

    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert state("waiting0") == (StatusMessage.PENDING_DCV, None, None, None)
    assert state("failed00") == (None, Explanation("Not in time."), None, None)
    by_owner = Revocation(2, "superseded", Decider.OWNER, at)
    assert state("revoked0") == (None, None, by_owner, None)
    assert state("operator") == (
        None,
        None,
        Revocation(2, "superseded", Decider.OPERATOR, at),
        None,
    )
    by_desk = Revocation(2, "keyCompromise", Decider.DESK, at)
    assert state("known000") == (None, Explanation(KEY_KNOWN), by_desk, None)
    assert state("moving00") == (None, None, None, Move("2", Stage.EXPIRED))
    assert state("plain000") == (None, None, None, None)
