"""From a recorded issuance to the token that an authority signs.

Three steps, each with a type of its own, so that none can be left out. What is to be signed is
`Planned`. `record` asks the gate, and makes of it what is to be kept. `prepare` asks the gate once
more, and makes of what was kept a `SigningToken`. An authority signs a token and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, final

import msgspec

from certdesk.domain.pki.issuance import IssueRequest, Recorded
from certdesk.domain.pki.preissuance import Circumstances, IssuanceRefused, check_issuance

Fingerprint: TypeAlias = Callable[[bytes], bytes]
"""A keyed digest, which nobody can make who has no key of the desk."""

_BY_PREPARE: Final = object()


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that is to be signed: its bytes, the addresses in them, and who is to sign.

    The desk may have another address by the time that it signs, and another authority: `authority`
    signs what was written for it.
    """

    tbs: bytes
    serial: str
    authority: str
    certificate_url: str
    crl_url: str
    ocsp_url: str


class _Kept(msgspec.Struct, frozen=True):
    """What is kept of it: the plan as it was written, and the fingerprint of that."""

    planned: bytes
    fingerprint: bytes


_KEPT = msgspec.json.Decoder(_Kept)
_PLANNED = msgspec.json.Decoder(Planned)


@final
class SigningToken:
    """The right to sign certain bytes once. Only `prepare` makes one."""

    __slots__ = ("_unspent", "authority", "hash_name")

    def __init__(self, maker: object, tbs: bytes, authority: str, hash_name: str) -> None:
        """Be made by `prepare`."""
        if maker is not _BY_PREPARE:
            raise TypeError("a token is made by prepare alone")
        self._unspent = [tbs]
        self.authority = authority
        self.hash_name = hash_name

    def spend(self) -> bytes:
        """Return the bytes that are to be signed, once.

        Raises:
            IndexError: they were signed.
        """
        return self._unspent.pop()


def record(
    planned: Planned, request: IssueRequest, at: Circumstances, fingerprint: Fingerprint
) -> Recorded:
    """Return what is to be kept of a certificate before it is signed.

    Raises:
        Unfounded: it would not be signed.
    """
    check_issuance(planned.tbs, request, at)
    written = msgspec.json.encode(planned)
    kept = _Kept(written, fingerprint(_bound(request, written)))
    return Recorded(state=msgspec.json.encode(kept), serial=planned.serial)


def prepare(
    recorded: Recorded,
    request: IssueRequest,
    circumstances: Callable[[Planned], Circumstances],
    fingerprint: Fingerprint,
) -> SigningToken:
    """Return the token for what was recorded for this very order and attempt.

    The same record gives the same bytes, in whatever process, and an altered one gives none.

    Raises:
        Unfounded: it was altered, or its bytes may not be signed now.
    """
    planned = _read(recorded, request, fingerprint)
    at = circumstances(planned)
    check_issuance(planned.tbs, request, at)
    return SigningToken(_BY_PREPARE, planned.tbs, at.authority, request.hash_name)


def _read(recorded: Recorded, request: IssueRequest, fingerprint: Fingerprint) -> Planned:
    try:
        kept = _KEPT.decode(recorded.state)
    # Text that is no UTF-8 is told by an error of its own.
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise IssuanceRefused("what was kept of it cannot be read") from error
    if fingerprint(_bound(request, kept.planned)) == kept.fingerprint:
        planned = _PLANNED.decode(kept.planned)
        if planned.serial == recorded.serial:
            return planned
    raise IssuanceRefused("what was kept of it is not what was recorded for it")


def _bound(request: IssueRequest, written: bytes) -> bytes:
    """Bind a plan to the order and the attempt that it is for."""
    return msgspec.json.encode(["issuance", request.certificate_id, request.attempt, written])
