"""What replies that show an order say of the proofs of its names."""

from __future__ import annotations

from collections.abc import Sequence

from certdesk.domain.order import UNDER_WAY, Order, Status
from certdesk.domain.proof import FILE_PATH, ProofKind, challenge_of
from certdesk.domain.records import Proof
from certdesk.ports import Unit
from certdesk.wire.model import Part

WANTED = UNDER_WAY | {Status.AWAITING_LETTER}
"""Where an order's names are to be proved."""


class DvAuths(Part):
    """What to publish to prove one domain name."""

    dv_auth_key: str
    dv_auth_value: str
    dv_auth_domain: str
    dv_auth_path: str | None
    dv_auth_sub_domain: str | None
    dv_auth_verify_type: str


class DvAuthDetail(Part):
    """What to publish to prove the names of an order; the first name's stands at the top again."""

    dv_auth_key: str | None
    dv_auth_value: str | None
    dv_auth_domain: str | None
    dv_auth_path: str | None
    dv_auth_key_sub_domain: str | None
    dv_auths: list[DvAuths] | None


NOTHING_TO_PUBLISH = DvAuthDetail(
    dv_auth_key=None,
    dv_auth_value=None,
    dv_auth_domain=None,
    dv_auth_path=None,
    dv_auth_key_sub_domain="",
    dv_auths=None,
)


def wanted_proofs(unit: Unit, order: Order) -> DvAuthDetail:
    """Tell what is to be published now for an order's names, the main one first.

    A name and its wildcard are proved together, once.
    """
    if order.status not in WANTED:
        return NOTHING_TO_PUBLISH
    proofs = unit.proofs.where(certificate_id=order.certificate_id, attempt=order.attempt)
    return _detail(order, proofs) if proofs else NOTHING_TO_PUBLISH


def _detail(order: Order, proofs: Sequence[Proof]) -> DvAuthDetail:
    by_name = {proof.name: proof for proof in proofs}
    bases = dict.fromkeys(name.removeprefix("*.") for name in order.ascii_names)
    parts = [_part(by_name[base]) for base in bases]
    first = parts[0]
    return DvAuthDetail(
        dv_auth_key=first.dv_auth_key,
        dv_auth_value=first.dv_auth_value,
        dv_auth_domain=first.dv_auth_domain,
        dv_auth_path=first.dv_auth_path,
        dv_auth_key_sub_domain=first.dv_auth_sub_domain,
        dv_auths=parts,
    )


def _part(proof: Proof) -> DvAuths:
    challenge = challenge_of(proof)
    by_file = challenge.kind is ProofKind.FILE
    return DvAuths(
        dv_auth_key=challenge.record,
        dv_auth_value=challenge.value,
        dv_auth_domain=challenge.name if by_file else challenge.zone,
        dv_auth_path=FILE_PATH if by_file else None,
        dv_auth_sub_domain=None if by_file else challenge.label,
        dv_auth_verify_type=challenge.kind.value,
    )
