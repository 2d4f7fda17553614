"""Keys that are blocked by the operator, and never accepted again."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.pki.records import EVERYBODY, BlockedKey
from certdesk.domain.values.keys import digest_in
from certdesk.domain.values.redaction import redacted
from certdesk.engine import Context
from certdesk.ports import Unit, block, blocks_of, issued_with, number_blocked
from certdesk.wire.model import Reply, Request, Unsigned
from certdesk.wire.operator import desk as asked


class BlockKeysRequest(Request):
    """Hexadecimal SHA-256 digests of SubjectPublicKeyInfos, and why their keys are blocked.

    With `revoke`, the certificates for these keys are also revoked, for `keyCompromise`.
    """

    digests: list[str]
    reason: str
    revoke: bool = False


class BlockKeysReply(Reply):
    """How many keys are newly blocked, and the valid certificates for any of the keys."""

    blocked: int
    certificate_ids: list[str]


@catalog.action(InvalidParam, writes=True, internal=True)
def block_keys(context: Context, request: BlockKeysRequest) -> Commit[BlockKeysReply]:
    """Block public keys: a CSR with one of them is refused, no matter who submits it.

    Orders under way with one of them fail.
    """
    digests = dict.fromkeys(map(_digest, request.digests))
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> BlockKeysReply:
        new = sum(
            block(
                unit,
                BlockedKey(
                    spki_sha256=digest,
                    reason=request.reason,
                    created_at=context.now,
                    compromised=request.revoke,
                ),
            )
            for digest in digests
        )
        good = [each for digest in digests for each in _certificates_with(unit, digest)]
        told = f", {len(good)} certificates to be revoked" if request.revoke else ""
        context.record(unit, "blocklist", f"{new} keys{told}: {request.reason}")
        return BlockKeysReply(blocked=new, certificate_ids=good)

    return commit


def _certificates_with(unit: Unit, digest: bytes) -> list[str]:
    """Return the certificate ids of the valid certificates that were issued here for a key."""
    return [each.certificate_id for each in issued_with(unit, digest)]


class CountBlockedKeysReply(Reply):
    """How many keys are blocked, and why the given key is (null: it is not blocked).

    `compromised` means that certificates for it are revoked. `certificate_ids` are those still
    valid. `uins` are the accounts that may not use the key because they reported it as compromised.
    """

    total_count: Unsigned
    reason: str | None
    compromised: bool
    certificate_ids: list[str]
    uins: list[str]


@catalog.action(InvalidParam, internal=True)
def count_blocked_keys(
    context: Context, request: asked.CountBlockedKeysRequest
) -> Commit[CountBlockedKeysReply]:
    """Show how many keys are blocked, and whether a given key is."""
    digest = _digest(request.digest) if request.digest else None

    def read(unit: Unit) -> CountBlockedKeysReply:
        blocks = blocks_of(unit, digest) if digest else []
        found = next((each for each in blocks if each.uin == EVERYBODY), None)
        return CountBlockedKeysReply(
            total_count=number_blocked(unit),
            reason=found.reason if found else None,
            compromised=found is not None and found.compromised,
            certificate_ids=_certificates_with(unit, digest) if digest else [],
            uins=[each.uin for each in blocks if each.uin != EVERYBODY],
        )

    return read


def _digest(text: str) -> bytes:
    digest = digest_in(text)
    if digest is None:
        raise InvalidParam(f"Digests: {redacted(text)} is not a SHA-256 digest in hexadecimal.")
    return digest
