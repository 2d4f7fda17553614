"""From a recorded issuance to the token that an authority signs.

Three steps, each with a type of its own, so that no step can be left out. `Planned` is what is to
be signed. `record` runs the check before issuance, and returns what is to be kept. `prepare` runs
the check once more, and returns a `SigningToken` for what was kept. An authority signs a token and
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, final

import msgspec

from certdesk.domain.pki.issuance import IssueRequest, Recorded
from certdesk.domain.pki.preissuance import Circumstances, IssuanceRefused, check_issuance

Fingerprint: TypeAlias = Callable[[bytes], bytes]
"""A keyed digest, which only the holder of the desk's key can compute."""

_BY_PREPARE: Final = object()


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that is to be signed: its bytes, the addresses in them, and who is to sign.

    By the time that it signs, the desk may have another address and another authority: `authority`
    signs what was written for it.
    """

    tbs: bytes
    serial: str
    authority: str
    certificate_url: str
    crl_url: str
    ocsp_url: str


class _StoredPlan(msgspec.Struct, frozen=True):
    """The stored form: the plan as it was written, and its fingerprint."""

    planned: bytes
    fingerprint: bytes


_STORED_PLAN = msgspec.json.Decoder(_StoredPlan)
_PLANNED = msgspec.json.Decoder(Planned)


@final
class SigningToken:
    """The right to sign certain bytes once. Only `prepare` makes one."""

    __slots__ = ("_unspent", "authority", "hash_name")

    def __init__(self, maker: object, tbs: bytes, authority: str, hash_name: str) -> None:
        """Refuse any caller but `prepare`."""
        if maker is not _BY_PREPARE:
            raise TypeError("only prepare makes a token")
        self._unspent = [tbs]
        self.authority = authority
        self.hash_name = hash_name

    def spend(self) -> bytes:
        """Return the bytes to be signed, once.

        Raises:
            IndexError: they were returned before.
        """
        return self._unspent.pop()


def record(
    planned: Planned, request: IssueRequest, at: Circumstances, fingerprint: Fingerprint
) -> Recorded:
    """Return what is to be kept of a certificate before it is signed.

    Raises:
        IssuanceRefused: it would not be signed.
    """
    check_issuance(planned.tbs, request, at)
    written = msgspec.json.encode(planned)
    kept = _StoredPlan(written, fingerprint(_bound(request, written)))
    return Recorded(state=msgspec.json.encode(kept), serial=planned.serial)


def prepare(
    recorded: Recorded,
    request: IssueRequest,
    circumstances: Callable[[Planned], Circumstances],
    fingerprint: Fingerprint,
) -> SigningToken:
    """Return the token for what was recorded for this order and attempt.

    The same record gives the same bytes in any process; an altered one is refused.

    Raises:
        IssuanceRefused: it was altered, or its bytes may not be signed now.
    """
    planned = _read(recorded, request, fingerprint)
    at = circumstances(planned)
    check_issuance(planned.tbs, request, at)
    return SigningToken(_BY_PREPARE, planned.tbs, at.authority, request.hash_name)


def _read(recorded: Recorded, request: IssueRequest, fingerprint: Fingerprint) -> Planned:
    try:
        kept = _STORED_PLAN.decode(recorded.state)
    # Text that is not UTF-8 raises an error of its own.
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise IssuanceRefused("the plan for it cannot be read") from error
    if fingerprint(_bound(request, kept.planned)) == kept.fingerprint:
        planned = _PLANNED.decode(kept.planned)
        if planned.serial == recorded.serial:
            return planned
    raise IssuanceRefused("the plan for it was altered")


def _bound(request: IssueRequest, written: bytes) -> bytes:
    """Return the bytes that bind a plan to its order and attempt."""
    return msgspec.json.encode(["issuance", request.certificate_id, request.attempt, written])
