"""The challenges of an order: drawn when it is submitted, and shown in replies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certdesk.domain.orders.lifecycle import SUBMITTED, TAKES_MATERIAL, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.proof import proof_of
from certdesk.domain.orders.steps import is_proved
from certdesk.domain.validation.challenge import (
    FILE_PATH,
    ProofKind,
    challenge_of,
    kind_of,
    new_challenge,
)
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.products import PRODUCTS
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Blank, Part


class DvAuths(Part):
    """What to publish to validate one domain name."""

    dv_auth_key: str
    dv_auth_value: str
    dv_auth_domain: str
    dv_auth_path: str | None
    dv_auth_sub_domain: str | None
    dv_auth_verify_type: str


class DvAuthDetail(Part):
    """What to publish to validate an order's names; the first name's is repeated at the top."""

    dv_auth_key: str | None
    dv_auth_value: str | None
    dv_auth_domain: str | None
    dv_auth_path: str | None
    dv_auth_key_sub_domain: Blank
    dv_auths: list[DvAuths] | None


NOTHING_TO_PUBLISH = DvAuthDetail(
    dv_auth_key=None,
    dv_auth_value=None,
    dv_auth_domain=None,
    dv_auth_path=None,
    dv_auth_key_sub_domain="",
    dv_auths=None,
)


def draw_proofs(context: Context, unit: Unit, order: Order, earlier: Iterable[Proof] = ()) -> None:
    """Draw the challenges of an order's names, by its validation method.

    A name that has an `earlier` proof of the same issuer keeps the same record. It needs no new
    check as long as that proof is good.
    """
    kind = kind_of(order.verify_type or "", PRODUCTS[order.product_id])
    known = {
        proof.name: proof for proof in earlier if (proof.kind, proof.issuer) == (kind, order.issuer)
    }
    for base in dict.fromkeys(DomainName(name).base for name in order.ascii_names):
        before = known.get(base)
        if before is None:
            challenge = new_challenge(DomainName(base), kind, context.desk.rng, context.now)
        else:
            challenge = challenge_of(before)
        good = before is not None and is_proved(before, context.now)
        proof = proof_of(challenge, order, context.now)
        unit.proofs.add(replace(proof, proved_at=before.proved_at if before and good else None))


def wanted_proofs(unit: Unit, order: Order) -> DvAuthDetail | None:
    """Return what to publish now for an order's names, the main name first.

    A name and its wildcard share one challenge. The result is None before the order is submitted,
    and until a CA that makes its own challenges has returned them.
    """
    if order.status in TAKES_MATERIAL:
        return None
    if order.status not in SUBMITTED:
        return NOTHING_TO_PUBLISH
    proofs = unit.proofs.where(certificate_id=order.certificate_id, attempt=order.attempt)
    return _detail(_parts(order, proofs)) if proofs else None


def proofs_of_revocation(unit: Unit, order: Order) -> list[DvAuths]:
    """Return what to publish now to have the certificate revoked, the main name first.

    It is empty if the certificate is not to be revoked, or no validation is needed.
    """
    if order.status is not Status.REVOKING:
        return []
    proofs = unit.proofs.where(certificate_id=order.certificate_id, attempt=order.proving)
    return _parts(order, proofs) if proofs else []


def _parts(order: Order, proofs: Sequence[Proof]) -> list[DvAuths]:
    by_name = {proof.name: proof for proof in proofs}
    bases = dict.fromkeys(name.removeprefix("*.") for name in order.ascii_names)
    return [_part(by_name[base]) for base in bases]


def _detail(parts: list[DvAuths]) -> DvAuthDetail:
    first = parts[0]
    return DvAuthDetail(
        dv_auth_key=first.dv_auth_key,
        dv_auth_value=first.dv_auth_value,
        dv_auth_domain=first.dv_auth_domain,
        dv_auth_path=first.dv_auth_path,
        dv_auth_key_sub_domain=first.dv_auth_sub_domain or "",
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
