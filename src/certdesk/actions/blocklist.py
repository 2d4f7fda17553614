"""Keys that are never accepted again, entered by the operator."""

from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.records import BlockedKey
from certdesk.ports import Unit
from certdesk.wire.model import Reply, Request, Unsigned

DIGEST_BYTES = 32


class BlockKeysRequest(Request):
    """Hexadecimal SHA-256 digests of SubjectPublicKeyInfos, and why their keys are blocked."""

    digests: list[str]
    reason: str


class BlockKeysReply(Reply):
    """How many keys are newly blocked; the others were blocked already."""

    blocked: int


@catalog.action(InvalidParam, writes=True, internal=True)
def block_keys(context: Context, request: BlockKeysRequest) -> Commit[BlockKeysReply]:
    """Block public keys: a CSR with one of them is refused, whoever hands it in."""
    digests = dict.fromkeys(map(_digest, request.digests))

    def commit(unit: Unit) -> BlockKeysReply:
        new = [digest for digest in digests if unit.blocked_keys.get(digest) is None]
        for digest in new:
            unit.blocked_keys.add(
                BlockedKey(spki_sha256=digest, reason=request.reason, created_at=context.now)
            )
        context.record(unit, "blocklist", f"{len(new)} keys: {request.reason}")
        return BlockKeysReply(blocked=len(new))

    return commit


class CountBlockedKeysRequest(Request):
    """One digest to look up, or none."""

    digest: str | None = None


class CountBlockedKeysReply(Reply):
    """How many keys are blocked, and why the one asked for is (null: it is not)."""

    total_count: Unsigned
    reason: str | None


@catalog.action(InvalidParam, internal=True)
def count_blocked_keys(
    context: Context, request: CountBlockedKeysRequest
) -> Commit[CountBlockedKeysReply]:
    """Tell how many keys are blocked, and whether one of them is a given one."""
    digest = _digest(request.digest) if request.digest else None

    def look(unit: Unit) -> CountBlockedKeysReply:
        found = unit.blocked_keys.get(digest) if digest else None
        return CountBlockedKeysReply(
            total_count=unit.blocked_keys.count(), reason=found.reason if found else None
        )

    return look


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != DIGEST_BYTES:
        raise InvalidParam(f"Digests: {text[:64]} is not a SHA-256 digest in hexadecimal.")
    return digest
