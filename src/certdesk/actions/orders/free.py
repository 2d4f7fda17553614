"""ApplyCertificate: a free order, with its material and submission in one request."""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.actions.access import (
    FIRST,
    MAY_ADD,
    OWN_ORDER,
    check_may_add,
    may_read_all,
    own_order,
    own_project,
)
from certdesk.actions.orders import certificate_info_submit
from certdesk.actions.orders.free_quota import FREE_LIMITS, check_for_one_more
from certdesk.actions.orders.material import prepare_submission
from certdesk.actions.orders.modify import ALIAS_LENGTH
from certdesk.actions.orders.order_submit import SUBMITTING, VERIFY_TYPES, submit_order
from certdesk.actions.orders.parameters import Parameters
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CertificateDomainMaxLengthInvalid,
    CertificateEmailParseInvalid,
    FailedOperation,
    InvalidCertificateStatusCode,
    InvalidParam,
    PackageNotFound,
)
from certdesk.domain.orders.derivation import MOST_ORIGINS, derived
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.material import PERSONAL_HOLDER
from certdesk.domain.orders.order import EXPIRES_SOON, Order, new_certificate_id, new_deal_id
from certdesk.domain.orders.submission import ONLINE
from certdesk.domain.values.mailbox import mailbox_fault
from certdesk.domain.values.names import NAME_LIMIT, DomainName, DomainRefused, ascii_form
from certdesk.domain.values.products import FREE, FREE_MONTHS
from certdesk.domain.values.record import replace
from certdesk.domain.values.redaction import redacted, redacted_unless_near
from certdesk.domain.values.texts import text_fault
from certdesk.engine import Context
from certdesk.ports import Stale, Unit
from certdesk.wire.model import Hidden, HiddenParsed, Parsed, Reply, Request, Stored, Unsigned

KEYS = {"RSA": "2048", "ECC": "prime256v1"}
"""The only key of each algorithm that a free certificate may have."""


class ApplyCertificateRequest(Request):
    """The name, how it is validated, and the key."""

    dv_auth_method: str
    """How the desk validates the name: `DNS`, `DNS_AUTO` or `FILE`."""
    domain_name: Parsed
    """The domain name: one, and no wildcard."""
    project_id: Unsigned | None = None
    """The number of a project of the account; 0 is the default."""
    package_type: str | None = None
    """The product's number, which can only be `83`."""
    contact_email: Stored[Hidden | None] = None
    """Where to write to about the order."""
    contact_phone: Stored[Hidden | None] = None
    """A telephone number: 32 characters at most."""
    validity_period: str | None = None
    """How many months: only `3`."""
    csr_encrypt_algo: str | None = None
    """Algorithm of the key: `RSA`, the default, or `ECC`."""
    csr_key_parameter: str | None = None
    """`2048`, the default, for RSA; `prime256v1` for ECC, where it is needed."""
    csr_key_password: HiddenParsed | None = None
    """Pass phrase of 1 to 32 printable characters for PFX and JKS files; never shown."""
    alias: str | None = None
    """What to call it: 200 characters at most."""
    old_certificate_id: str | None = None
    """The certificate id of an order for the same name that this one renews: its certificate
    ends within 30 days."""
    package_id: str | None = None
    """A benefit package; there are none, so the desk refuses any."""
    delete_dns_auto_record: bool | None = None
    """Whether the desk removes the record that it adds for `DNS_AUTO` when the certificate is
    issued; by default the record stays."""
    dns_names: list[Parsed] | None = None
    """Other names; not supported, here as little as by the vendor."""


class ApplyCertificateReply(Reply):
    """The new order, which is under review."""

    certificate_id: str


PARAMETERS = Parameters(
    ApplyCertificateRequest,
    {
        "common_name": "domain_name",
        "verify_type": "dv_auth_method",
        "key_algorithm": "csr_encrypt_algo",
        "key_parameter": "csr_key_parameter",
        "key_pass": "csr_key_password",
        "contact.phone": "contact_phone",
        "contact_email": "contact_email",
    },
    {},
    beyond=("CertificateInfoSubmit", certificate_info_submit.PARAMETERS),
)


@catalog.action(
    *OWN_ORDER,
    *MAY_ADD,
    *FREE_LIMITS,
    *SUBMITTING,
    CertificateDomainMaxLengthInvalid,
    CertificateEmailParseInvalid,
    FailedOperation,
    InvalidCertificateStatusCode,
    PackageNotFound,
    writes=True,
    sensitive=True,
)
def apply_certificate(
    context: Context, request: ApplyCertificateRequest
) -> Commit[ApplyCertificateReply]:
    """Order a free certificate for one name, with a key that the desk makes.

    The order goes to the CA at once: DescribeCertificateDetail shows what to publish. An
    account may have `free.limit` free certificates at a time, and `free.per_domain` of them for
    one registrable domain.
    """
    check_may_add(context, request.project_id or FIRST)
    name = _checked(context, request)
    draft = _draft(context, request, name)
    algorithm = request.csr_encrypt_algo or "RSA"
    material = PARAMETERS.material(
        request,
        csr_source=ONLINE,
        holder=PERSONAL_HOLDER,
        company_id="0",
        key_algorithm=algorithm,
        key_parameter=KEYS[algorithm],
    )
    keep = prepare_submission(context, lambda _: draft, material, PARAMETERS)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> ApplyCertificateReply:
        own_project(unit, context.caller.uin, draft.project_id)
        renewed, added = None, draft
        if draft.renews is not None:
            renewed = _renewed(context, unit, draft.renews, name)
            added = derived(draft, renewed, released=may_read_all(context, unit, renewed))
        check_for_one_more(context, unit, draft)
        if unit.orders.get(draft.certificate_id) is not None:
            raise Stale("orders")
        order = keep(unit, unit.orders.add(added))
        if renewed is not None:
            unit.orders.replace(replace(renewed, renewed_by=order.certificate_id))
        submit_order(
            context,
            unit,
            order,
            request.dv_auth_method,
            delete_record=bool(request.delete_dns_auto_record),
        )
        return ApplyCertificateReply(certificate_id=order.certificate_id)

    return commit


def _checked(context: Context, request: ApplyCertificateRequest) -> DomainName:
    """Refuse what is wrong with the request itself, before any record is read; return the name.

    Raises:
        InvalidParam: with all faults except those that have a code of their own.
        CertificateDomainMaxLengthInvalid, CertificateEmailParseInvalid, PackageNotFound.
    """
    faults = list(_faults(request))
    if faults:
        raise InvalidParam(" ".join(faults))
    if request.package_id is not None:
        raise PackageNotFound(
            f"PackageId: package {redacted_unless_near(request.package_id, ())} does not exist."
        )
    fault = mailbox_fault(request.contact_email) if request.contact_email else None
    if fault is not None:
        raise CertificateEmailParseInvalid(f"ContactEmail: {fault}.")
    return _name(context, request.domain_name)


def _faults(request: ApplyCertificateRequest) -> Iterator[str]:
    if request.dv_auth_method not in VERIFY_TYPES:
        got = redacted_unless_near(request.dv_auth_method, VERIFY_TYPES)
        yield f"DvAuthMethod: must be DNS, DNS_AUTO or FILE; got {got}."
    if request.package_type not in (None, str(FREE)):
        yield f"PackageType: must be {FREE}; got {redacted_unless_near(request.package_type, ())}."
    if request.validity_period not in (None, str(FREE_MONTHS)):
        got = redacted_unless_near(request.validity_period, ())
        yield f"ValidityPeriod: must be {FREE_MONTHS}; got {got}."
    if request.dns_names:
        yield "DnsNames: not supported. A free certificate has one name."
    fault = text_fault(request.alias or "", ALIAS_LENGTH)
    if fault is not None:
        yield f"Alias: {fault}."
    yield from _key_faults(request.csr_encrypt_algo or "RSA", request.csr_key_parameter)


def _key_faults(algorithm: str, parameter: str | None) -> Iterator[str]:
    if algorithm not in KEYS:
        yield f"CsrEncryptAlgo: must be RSA or ECC; got {redacted_unless_near(algorithm, KEYS)}."
    elif parameter is None and algorithm != "RSA":
        yield f"CsrKeyParameter: needed for {algorithm}. It must be {KEYS[algorithm]}."
    elif parameter not in (None, KEYS[algorithm]):
        got = redacted_unless_near(parameter, KEYS.values())
        yield f"CsrKeyParameter: must be {KEYS[algorithm]} for {algorithm}; got {got}."


def _name(context: Context, text: str) -> DomainName:
    try:
        return DomainName.parse(text, internal_suffixes=context.desk.rules.internal_suffixes)
    except DomainRefused as refused:
        detail = f"DomainName: {refused.rule}; got {redacted(text)}."
        if _length(text) > NAME_LIMIT:
            raise CertificateDomainMaxLengthInvalid(detail) from None
        raise InvalidParam(detail) from None


def _length(text: str) -> int:
    """Return the length of a name in its certified form, or as given if it has none."""
    try:
        return len(ascii_form(text))
    except DomainRefused:
        return len(text)


def _draft(context: Context, request: ApplyCertificateRequest, name: DomainName) -> Order:
    return Order(
        certificate_id=new_certificate_id(context.desk.rng),
        uin=context.caller.uin,
        product_id=FREE,
        domain_num=1,
        time_span=0,
        status=Status.FREE_AWAITING_MATERIAL,
        project_id=request.project_id or FIRST,
        alias=request.alias or "",
        deal_id=new_deal_id(context.desk.rng, context.now),
        registrable=name.registrable,
        renews=request.old_certificate_id,
        created_at=context.now,
    )


def _renewed(context: Context, unit: Unit, certificate_id: str, name: DomainName) -> Order:
    """Return the order to renew, which is for the same name and ends soon.

    Raises:
        CertificateNotFound, AuthError, NoProjectPermission: as `own_order`.
        InvalidCertificateStatusCode, InvalidParam: it is not issued, does not end soon, or is for
            another name.
    """
    old = own_order(context, unit, certificate_id)
    if not old.expires_soon(context.now):
        raise InvalidCertificateStatusCode(
            f"OldCertificateId: {certificate_id} has no certificate that ends within "
            f"{EXPIRES_SOON.days} days."
        )
    if name.ascii not in old.ascii_names:
        raise InvalidParam(f"OldCertificateId: {certificate_id} is not for {name}.")
    if len(old.origins) >= MOST_ORIGINS:
        raise InvalidParam(
            f"OldCertificateId: {certificate_id} already follows {MOST_ORIGINS} earlier "
            "certificates. Order without OldCertificateId."
        )
    return old
