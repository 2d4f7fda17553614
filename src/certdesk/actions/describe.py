"""Reading orders back."""

from certdesk.actions.certificates import (
    CertificateMembers,
    hosting_of,
    members_of,
    name_of,
    scope_of,
)
from certdesk.actions.proofs import DvAuthDetail, DvAuths, proofs_of_revocation, wanted_proofs
from certdesk.actions.purchase import may_read_key, own_order
from certdesk.actions.submissions import earlier_material, private_key_of
from certdesk.actions.upload import uploaded_key_of
from certdesk.catalog import Commit, Context, Written, catalog
from certdesk.domain.certificates import links_of, pem_of, whole_pem
from certdesk.domain.errors import AuthError, CertificateNotFound, NoProjectPermission
from certdesk.domain.material import COMPANY_HOLDER, Material
from certdesk.domain.order import Order
from certdesk.domain.products import PRODUCTS, Scope
from certdesk.domain.records import Certificate, Submission
from certdesk.domain.secret import masked, plain
from certdesk.ports import Stale, Unit
from certdesk.wire.model import Confidential, Part, Request, Withheld, field, local_time

DOMAIN_TYPES = {Scope.SINGLE: 1, Scope.MULTI: 2, Scope.WILDCARD: 3, Scope.MULTI_WILDCARD: 4}

KEY_READ = "private key"
"""What the audit log says where one was handed over."""


class RootCertificates(Part, kw_only=True):
    """Root certificates by kind: the first two are of SM2 pairs."""

    sign: str | None = None
    encrypt: str | None = None
    standard: str | None


class CertBasicInfo(Part):
    """One certificate of a chain, by common names and its SHA-1 in lower case."""

    issuer: str
    subject: str
    fingerprint: str
    valid_from: str | None
    valid_to: str | None


class SubmittedData(Part, kw_only=True):
    """The material in force, in the names of the older action SubmitCertificateInformation."""

    csr_type: str | None
    csr_content: str | None
    certificate_domain: str | None
    domain_list: list[str]
    key_password: Withheld[str | None] = None
    organization_name: str | None
    organization_division: str | None
    organization_address: str | None
    organization_country: str | None
    organization_city: str | None
    organization_region: str | None
    postal_code: str | None
    phone_area_code: str | None
    phone_number: str | None
    admin_first_name: str | None
    admin_last_name: str | None
    admin_phone_num: str | None
    admin_email: str | None
    admin_position: str | None
    contact_first_name: str | None
    contact_last_name: str | None
    contact_number: str | None
    contact_email: str | None
    contact_position: str | None
    verify_type: str | None


class DescribeCertificateDetailRequest(Request):
    """Which certificate."""

    certificate_id: str
    """The certificate id of the order."""


class DescribedMembers(CertificateMembers, kw_only=True):
    """What DescribeCertificate and DescribeCertificateDetail have and no list has."""

    order_id: str | None
    dv_auth_detail: DvAuthDetail
    vulnerability_report: str | None = None
    submitted_data: SubmittedData | None
    dv_revoke_auth_detail: list[DvAuths] | None


class DescribeCertificateDetailReply(DescribedMembers, kw_only=True):
    """Everything known about an order; the last four members are the mainland edition's."""

    certificate_private_key: Confidential[str | None]
    certificate_public_key: str | None
    type_name: str
    root_cert: RootCertificates
    encrypt_cert: str | None = None
    encrypt_private_key: str | None = None
    cert_fingerprint: str | None
    encrypt_cert_fingerprint: str | None = None
    encrypt_algorithm: str | None
    cert_chain_info: list[CertBasicInfo] | None
    cert_type: str | None
    domain_type: int
    use_cross_sign_root: bool | None
    hosting_status: int


@catalog.action(AuthError, CertificateNotFound, NoProjectPermission, sensitive=True)
def describe_certificate_detail(
    context: Context, request: DescribeCertificateDetailRequest
) -> Commit[DescribeCertificateDetailReply]:
    """Show an order with its material, its proofs, its certificate and its private key.

    The private key, which is there if the desk made it or it was uploaded, is for who is allowed
    `ssl:ReadPrivateKey`, and not shown while the order moves to another account; that it was shown
    is noted in the operate log. Telephone numbers are
    masked, identity numbers and the key pass phrase never shown.
    """

    def look(unit: Unit) -> DescribeCertificateDetailReply:
        return _detail(context, unit, own_order(context, unit, request.certificate_id))

    detail = context.store.read(look)

    def commit(unit: Unit) -> DescribeCertificateDetailReply:
        if not may_read_key(context, unit, own_order(context, unit, request.certificate_id)):
            raise Stale("orders")
        context.record(unit, request.certificate_id, KEY_READ)
        return detail

    return Written(commit) if detail.certificate_private_key else lambda _: detail


def _detail(context: Context, unit: Unit, order: Order) -> DescribeCertificateDetailReply:
    product = PRODUCTS.get(order.product_id)
    submission = unit.submissions.get(order.certificate_id, order.submission)
    material = earlier_material(context, submission) if submission else None
    certificate = unit.certificates.get(order.certificate_id, order.attempt)
    # Here, and only here, SubjectAltName leaves the main name out.
    members = members_of(order, context.now) | {"subject_alt_name": list(order.names)}
    return DescribeCertificateDetailReply(
        **members,
        order_id=order.order_id,
        dv_auth_detail=wanted_proofs(unit, order),
        dv_revoke_auth_detail=proofs_of_revocation(unit, order),
        submitted_data=_submitted(submission, material) if submission and material else None,
        certificate_private_key=_visible_key(context, unit, order, submission, certificate),
        certificate_public_key=whole_pem(certificate) if certificate else None,
        type_name=name_of(order),
        root_cert=_root(certificate),
        cert_fingerprint=certificate.sha1.upper() if certificate else None,
        encrypt_algorithm=order.key,
        cert_chain_info=_chain(certificate) if certificate else None,
        cert_type=product.level.value if product else None,
        domain_type=DOMAIN_TYPES[scope_of(order)],
        hosting_status=hosting_of(order),
        use_cross_sign_root=material.cross_sign if material else None,
    )


def _root(certificate: Certificate | None) -> RootCertificates:
    root = certificate.root if certificate else None
    return RootCertificates(standard=pem_of(root) if root else None)


def _chain(certificate: Certificate) -> list[CertBasicInfo]:
    return [
        CertBasicInfo(
            issuer=link.issuer,
            subject=link.subject,
            fingerprint=link.sha1,
            valid_from=local_time(link.begins_at),
            valid_to=local_time(link.ends_at),
        )
        for link in links_of(certificate)
    ]


class DescribeCertificateRequest(Request):
    """Which certificate."""

    certificate_id: str
    """The certificate id of the order."""


class DescribeCertificateReply(DescribedMembers, kw_only=True):
    """What is known about an order, its private key and its certificate aside."""

    package_type_name: str
    ca_encrypt_algorithms: list[str] = field(name="CAEncryptAlgorithms", default_factory=list)
    ca_common_names: list[str] = field(name="CACommonNames", default_factory=list)
    ca_end_times: list[str] = field(name="CAEndTimes", default_factory=list)


@catalog.action(AuthError, CertificateNotFound, NoProjectPermission, sensitive=True)
def describe_certificate(
    context: Context, request: DescribeCertificateRequest
) -> Commit[DescribeCertificateReply]:
    """Show an order with its material and its proofs.

    Telephone numbers are masked, identity numbers and the key pass phrase never shown.
    """

    def look(unit: Unit) -> DescribeCertificateReply:
        order = own_order(context, unit, request.certificate_id)
        submission = unit.submissions.get(order.certificate_id, order.submission)
        material = earlier_material(context, submission) if submission else None
        return DescribeCertificateReply(
            **members_of(order, context.now),
            order_id=order.order_id,
            dv_auth_detail=wanted_proofs(unit, order),
            dv_revoke_auth_detail=proofs_of_revocation(unit, order),
            submitted_data=_submitted(submission, material) if submission and material else None,
            package_type_name=name_of(order),
        )

    return look


def _visible_key(
    context: Context,
    unit: Unit,
    order: Order,
    submission: Submission | None,
    certificate: Certificate | None,
) -> str | None:
    if order.moving or not may_read_key(context, unit, order):
        return None
    made = private_key_of(context, submission) if submission else None
    key = made or (uploaded_key_of(context, certificate) if certificate else None)
    return key.text() if key else None


def _submitted(submission: Submission, material: Material) -> SubmittedData:
    organisation, manager, contact = material.organisation, material.manager, material.contact
    email = contact.email if material.holder == COMPANY_HOLDER else material.contact_email
    return SubmittedData(
        csr_type=material.csr_source,
        csr_content=submission.csr,
        certificate_domain=material.common_name,
        domain_list=list(material.other_names),
        organization_name=organisation.name,
        organization_division=organisation.division,
        organization_address=organisation.address,
        organization_country=organisation.country,
        organization_city=organisation.city,
        organization_region=organisation.region,
        postal_code=material.postal_code,
        phone_area_code=organisation.phone_area,
        phone_number=masked(organisation.phone_number),
        admin_first_name=manager.first_name,
        admin_last_name=manager.last_name,
        admin_phone_num=masked(manager.phone),
        admin_email=plain(manager.email),
        admin_position=manager.title,
        contact_first_name=contact.first_name,
        contact_last_name=contact.last_name,
        contact_number=masked(contact.phone),
        contact_email=plain(email or material.contact_email),
        contact_position=contact.title,
        verify_type=material.verify_type,
    )
