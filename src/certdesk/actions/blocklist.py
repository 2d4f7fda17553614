"""Keys that are never accepted again, entered by the operator."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from certdesk.actions.due import make_due
from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.order import Order
from certdesk.domain.records import BlockedKey
from certdesk.domain.steps import CERTIFIED
from certdesk.domain.telling import told
from certdesk.ports import Unit
from certdesk.wire.model import Reply, Request, Unsigned

DIGEST_BYTES = 32


class BlockKeysRequest(Request):
    """Hexadecimal SHA-256 digests of SubjectPublicKeyInfos, and why their keys are blocked.

    `revoke` has the certificates for these keys revoked as well, for `keyCompromise`.
    """

    digests: list[str]
    reason: str
    revoke: bool = False


class BlockKeysReply(Reply):
    """How many keys are newly blocked, and which good certificates there are for any of them."""

    blocked: int
    certificate_ids: list[str]


@catalog.action(InvalidParam, writes=True, internal=True)
def block_keys(context: Context, request: BlockKeysRequest) -> Commit[BlockKeysReply]:
    """Block public keys: a CSR with one of them is refused, whoever hands it in.

    Orders under way with one of them fail.
    """
    digests = dict.fromkeys(map(_digest, request.digests))
    context.held.callback(context.work.wake)

    def commit(unit: Unit) -> BlockKeysReply:
        new = sum(_block(context, unit, digest, request) for digest in digests)
        orders = [order for digest in digests for order in _orders_with(unit, digest)]
        for order in orders:
            make_due(context, unit, order)
        good = _certificates_of(orders)
        told = f", {len(good)} certificates to be revoked" if request.revoke else ""
        context.record(unit, "blocklist", f"{new} keys{told}: {request.reason}")
        return BlockKeysReply(blocked=new, certificate_ids=good)

    return commit


def _block(context: Context, unit: Unit, digest: bytes, request: BlockKeysRequest) -> bool:
    """Block a key, or note that others know one that is blocked; tell whether it is new."""
    found = unit.blocked_keys.get(digest)
    if found is None:
        unit.blocked_keys.add(
            BlockedKey(
                spki_sha256=digest,
                reason=request.reason,
                created_at=context.now,
                compromised=request.revoke,
            )
        )
    elif request.revoke and not found.compromised:
        unit.blocked_keys.replace(dataclasses.replace(found, compromised=True))
    return found is None


def _orders_with(unit: Unit, digest: bytes) -> Iterator[Order]:
    """Give the orders whose material in force has that key."""
    for submission in unit.submissions.where(spki_sha256=digest):
        order = unit.orders.get(submission.certificate_id)
        if order is not None and order.submission == submission.number:
            yield order


def _certificates_of(orders: Iterable[Order]) -> list[str]:
    """Give the certificate ids of those that have a good certificate."""
    return [order.certificate_id for order in orders if order.status in CERTIFIED]


class CountBlockedKeysRequest(Request):
    """One digest to look up, or none."""

    digest: str | None = None


class CountBlockedKeysReply(Reply):
    """How many keys are blocked, and why the one asked for is (null: it is not).

    `compromised` tells that certificates for it are revoked, `certificate_ids` which are yet good.
    """

    total_count: Unsigned
    reason: str | None
    compromised: bool
    certificate_ids: list[str]


@catalog.action(InvalidParam, internal=True)
def count_blocked_keys(
    context: Context, request: CountBlockedKeysRequest
) -> Commit[CountBlockedKeysReply]:
    """Tell how many keys are blocked, and whether one of them is a given one."""
    digest = _digest(request.digest) if request.digest else None

    def look(unit: Unit) -> CountBlockedKeysReply:
        found = unit.blocked_keys.get(digest) if digest else None
        return CountBlockedKeysReply(
            total_count=unit.blocked_keys.count(),
            reason=found.reason if found else None,
            compromised=found is not None and found.compromised,
            certificate_ids=_certificates_of(_orders_with(unit, digest)) if digest else [],
        )

    return look


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != DIGEST_BYTES:
        raise InvalidParam(f"Digests: {told(text)} is not a SHA-256 digest in hexadecimal.")
    return digest
