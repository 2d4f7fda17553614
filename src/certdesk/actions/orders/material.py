"""What all actions that take an order's material have in common.

The order of checks is fixed: certificate, identity, status, parameters, product, CSR or key, write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from certdesk.actions.access import OWN_ORDER, own_order
from certdesk.actions.orders.free_quota import check_domain
from certdesk.actions.orders.parameters import Parameters
from certdesk.actions.orders.stored_submissions import earlier_material, private_key_of
from certdesk.actions.validation.dns_auto import zone_fault
from certdesk.actions.vetting import records, reviews
from certdesk.catalog import Answer, Commit
from certdesk.domain.accounts.quotas import QuotaExceeded
from certdesk.domain.errors import (
    CertificateInfoSubmitContactEmailEmpty,
    CertificateInfoSubmitDomainInvalid,
    CertificateInfoSubmitStatusInvalid,
    CertificateOrderSubmitRootCAInvalid,
    CertificateSubmitHostingCertError,
    ExceedsFreeLimit,
    FailedOperation,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
    RenewAlgorithmInvalid,
)
from certdesk.domain.orders.derivation import with_new_secrets
from certdesk.domain.orders.lifecycle import Event, IllegalTransition
from certdesk.domain.orders.material import COMPANY_HOLDER, Material, has_masked, unmask
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.submission import FREE_KINDS, Judged, MaterialRefused, judge
from certdesk.domain.pki import csr
from certdesk.domain.privacy.identity_numbers import holds_identity
from certdesk.domain.values.keys import KeyKind, inspected_by_now, private_key_pem, spki_sha256
from certdesk.domain.values.organisation import Company, Manager, Organisation, People
from certdesk.domain.values.products import FREE, PRODUCTS, Level, Product
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.sealed_fields import cleartext_fields, secret_fields, without_secrets
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.subject import Subject
from certdesk.domain.vetting.review import certified_subject
from certdesk.engine import Context
from certdesk.ports import KeyUsedUp, Place, Unit, block_of, place_of_submission

REFUSALS = (
    *OWN_ORDER,
    CertificateInfoSubmitContactEmailEmpty,
    CertificateInfoSubmitDomainInvalid,
    CertificateInfoSubmitStatusInvalid,
    CertificateOrderSubmitRootCAInvalid,
    CertificateSubmitHostingCertError,
    ExceedsFreeLimit,
    FailedOperation,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
    RenewAlgorithmInvalid,
)


class Considered(Record, kw_only=True):
    """Accepted material, with the records that its ids name."""

    order: Order
    product: Product
    material: Material
    judged: Judged
    company: Company | None
    manager: Manager | None


class KeyPair(Record, kw_only=True):
    """The CSR of a submission, and the sealed private key if the desk made it."""

    csr: str
    description: str
    spki_sha256: bytes
    private_key: bytes | None = None
    stock_id: int | None = None
    inspected: bool = True


def submit_material(
    context: Context,
    certificate_id: str,
    material: Material,
    parameters: Parameters,
    *,
    reply: Answer,
) -> Commit[Answer]:
    """Check the material of an order now, and store it in the returned commit.

    From now on, its secrets belong to the order's project. Numbers that came back masked are an
    exception: the caller may not know the stored number, so its old project still counts.
    """
    keep = prepare_submission(
        context, lambda unit: own_order(context, unit, certificate_id), material, parameters
    )

    def commit(unit: Unit) -> Answer:
        found = _still_open(own_order(context, unit, certificate_id))
        order = keep(unit, found if has_masked(material) else with_new_secrets(found))
        check_domain(context, unit, order)
        context.record(unit, certificate_id, f"submission {order.submission}")
        return reply

    return commit


def prepare_submission(
    context: Context,
    find: Callable[[Unit], Order],
    material: Material,
    parameters: Parameters,
    *,
    kinds: Collection[KeyKind] | None = None,
    again: Submission | None = None,
) -> Callable[[Unit, Order], Order]:
    """Check material for the order that `find` returns, and make everything that it needs.

    Return a function for the commit: it stores the material for an order that takes material, and
    returns the order with it. A new key must be of one of these `kinds`, or else of the kinds that
    the product allows; if the submission `again` is given, its CSR and key are used once more.
    """
    considered = context.desk.store.read(
        lambda unit: _consider(context, unit, find(unit), material, parameters, kinds)
    )
    if again is None:
        pair = _key_pair(context, considered, parameters)
    else:
        pair = _used_again(context, again)
    company, manager = _drafts(context, considered)
    submission = _submission(context, considered, pair)

    def keep(unit: Unit, order: Order) -> Order:
        if block_of(unit, order.uin, pair.spki_sha256) is not None:
            raise parameters.invalid("csr", "contains a blocked key. Make a new key and a new CSR")
        if pair.stock_id is not None and not unit.key_stock.remove(pair.stock_id):
            raise KeyUsedUp
        kept_company = records.keep_company(unit, company) if company else considered.company
        kept_manager = considered.manager
        if manager is not None and kept_company is not None:
            draft = replace(manager, company_id=kept_company.company_id)
            kept_manager = reviews.keep_manager(context, unit, draft)
        if order.submission >= context.desk.rules.quotas.submissions:
            raise QuotaExceeded("submissions", context.desk.rules.quotas.submissions)
        added = unit.submissions.add(
            replace(
                submission,
                number=order.submission + 1,
                company_id=kept_company.company_id if kept_company else None,
                manager_id=kept_manager.manager_id if kept_manager else None,
            )
        )
        changed = _with_material(order, considered, added)
        fault = zone_fault(unit, changed)
        if fault is not None:
            raise parameters.invalid("verify_type", fault)
        return unit.orders.replace(changed)

    return keep


def _consider(
    context: Context,
    unit: Unit,
    order: Order,
    material: Material,
    parameters: Parameters,
    kinds: Collection[KeyKind] | None,
) -> Considered:
    if not context.caller.verified:
        raise NoRealNameAuth
    # The desk itself submits this material before the order is first submitted to the CA.
    if order.by_desk and order.attempt:
        raise CertificateSubmitHostingCertError(
            f"The desk made {order.certificate_id} from earlier material."
        )
    try:
        order.after(Event.SUBMIT_MATERIAL)
    except IllegalTransition as refused:
        raise CertificateInfoSubmitStatusInvalid(f"{refused}") from None
    product = PRODUCTS[order.product_id]
    material = _with_known_numbers(context, unit, order, material)
    try:
        judged = judge(material, order, product, context.desk.rules.internal_suffixes, kinds)
    except MaterialRefused as refused:
        raise parameters.refusal(refused, material) from None
    company, manager = _named_parties(context, unit, material, judged, parameters)
    vetted = manager if product.level is not Level.DV else None
    if vetted is not None and records.is_nobody(vetted):
        raise parameters.invalid("manager_id", f"manager {vetted.manager_id} was erased")
    return Considered(
        order=order,
        product=product,
        material=material,
        judged=judged,
        company=company,
        manager=manager,
    )


def _with_known_numbers(context: Context, unit: Unit, order: Order, material: Material) -> Material:
    if not has_masked(material):
        return material
    earlier = unit.submissions.get(order.certificate_id, order.submission)
    return material if earlier is None else unmask(material, earlier_material(context, earlier))


def _named_parties(
    context: Context, unit: Unit, material: Material, judged: Judged, parameters: Parameters
) -> tuple[Company | None, Manager | None]:
    """Read the records that the ids name; a manager comes with its company."""
    if material.holder != COMPANY_HOLDER:
        return None, None
    uin = context.caller.uin
    if judged.manager_id is not None:
        manager = records.own_manager(unit, uin, judged.manager_id)
        if manager is None:
            raise parameters.invalid("manager_id", f"manager {judged.manager_id} does not exist")
        return records.own_company(unit, uin, manager.company_id), manager
    if judged.company_id is None:
        return None, None
    company = records.own_company(unit, uin, judged.company_id)
    if company is None:
        raise parameters.invalid("company_id", f"company {judged.company_id} does not exist")
    return company, None


def _still_open(order: Order) -> Order:
    try:
        return order.after(Event.SUBMIT_MATERIAL)
    except IllegalTransition as refused:
        detail = f"The order changed while the desk checked the material. {refused}"
        raise InvalidCertificateStatusCode(detail) from None


def _with_material(order: Order, considered: Considered, submission: Submission) -> Order:
    """Put a submission in force, and store on the order what lists show of it."""
    material = considered.material
    free = considered.product.number == FREE
    return replace(
        order,
        submission=submission.number,
        auto_renew=material.auto_renew == 1,
        domain=material.common_name,
        names=material.other_names,
        holder=material.holder,
        verify_type=material.verify_type,
        key=submission.key,
        key_pass=submission.key_pass is not None,
        key_kept=submission.private_key is not None,
        manager_id=submission.manager_id,
        registrable=considered.judged.common_name.registrable if free else None,
    )


def _key_pair(context: Context, considered: Considered, parameters: Parameters) -> KeyPair:
    if considered.judged.key is not None:
        return _generated(context, considered, considered.judged.key)
    return _of_csr(considered, parameters)


def _of_csr(considered: Considered, parameters: Parameters) -> KeyPair:
    judged = considered.judged
    try:
        request = csr.parse(considered.material.csr or "")
        csr.match(request, judged.common_name, judged.other_names)
    except csr.CsrRefused as refused:
        raise parameters.invalid("csr", refused.rule) from None
    _check_free_key(considered, request.key, parameters)
    return KeyPair(
        csr=request.pem,
        description=request.key,
        spki_sha256=request.spki_sha256,
        inspected=inspected_by_now(request.public_key),
    )


def _check_free_key(considered: Considered, key: str, parameters: Parameters) -> None:
    """Refuse a key that no free certificate may have; a reissue has a rule of its own.

    Raises:
        InvalidParam: the key is of another kind.
    """
    taken = [kind.label for kind in FREE_KINDS]
    given = considered.product.number == FREE and considered.order.replaces is None
    if given and key not in taken:
        rule = f"has a key of {key}; a free certificate needs {' or '.join(taken)}"
        raise parameters.invalid("csr", rule)


def _generated(context: Context, considered: Considered, kind: KeyKind) -> KeyPair:
    ready = context.held.enter_context(context.desk.keys.lend(kind))
    judged = considered.judged
    pem = csr.build(ready.private_key, judged.common_name, judged.other_names, _subject(considered))
    return KeyPair(
        csr=pem,
        description=kind.label,
        spki_sha256=spki_sha256(ready.private_key.public_key()),
        private_key=_sealed_key(context, Secret(private_key_pem(ready.private_key))),
        stock_id=ready.stock_id,
    )


def _used_again(context: Context, earlier: Submission) -> KeyPair:
    """Return the key pair of an earlier submission, its private key sealed for the new one."""
    private_key = private_key_of(context, earlier)
    return KeyPair(
        csr=earlier.csr,
        description=earlier.key,
        spki_sha256=earlier.spki_sha256,
        private_key=_sealed_key(context, private_key) if private_key else None,
        inspected=earlier.inspected,
    )


def _sealed_key(context: Context, pem: Secret) -> bytes:
    place = Place(context.caller.uin, "submissions", context.invocation.request_id, "private_key")
    return context.desk.vault.seal(pem, place)


def _subject(considered: Considered) -> Subject:
    """Return the subject: the organisation from OV on, with the data of the id if there is one."""
    if considered.product.level is Level.DV:
        return Subject()
    organisation = considered.material.organisation
    if considered.company is not None:
        organisation = without_secrets(Organisation, considered.company.facts)
    return certified_subject(organisation)


def _drafts(context: Context, considered: Considered) -> tuple[Company | None, Manager | None]:
    """Return drafts of the company and manager that no id names, to be found by data or added."""
    material = considered.material
    if material.holder != COMPANY_HOLDER or considered.manager is not None:
        return None, None
    uin, company = context.caller.uin, considered.company
    draft = None
    if company is None:
        company = draft = records.draft_company(context, uin, material.organisation)
    people = People(
        manager=material.manager,
        department=material.organisation.division,
        contact=material.contact,
    )
    return draft, records.draft_manager(context, company, people)


def _submission(context: Context, considered: Considered, pair: KeyPair) -> Submission:
    kept = replace(considered.material, key_pass=None, csr=None)
    key_pass = considered.material.key_pass
    submission = Submission(
        certificate_id=considered.order.certificate_id,
        number=0,
        uin=context.caller.uin,
        submitted_at=context.now,
        request_id=context.invocation.request_id,
        facts=cleartext_fields(kept),
        personal=b"",
        key_pass=None,
        private_key=pair.private_key,
        csr=pair.csr,
        key=pair.description,
        spki_sha256=pair.spki_sha256,
        company_id=None,
        manager_id=None,
        inspected=pair.inspected,
        identity_since=context.now if holds_identity(kept) else None,
    )
    seal = context.desk.vault.seal
    return replace(
        submission,
        personal=seal(secret_fields(kept), place_of_submission(submission, "personal")),
        key_pass=seal(key_pass, place_of_submission(submission, "key_pass")) if key_pass else None,
    )
