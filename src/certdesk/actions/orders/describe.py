"""DescribeCertificate and DescribeCertificateDetail: one order with its data."""

from certdesk.actions.access import OWN_ORDER, may_read_key, own_order
from certdesk.actions.orders.members import (
    CertificateMembers,
    hosting_of,
    members_of,
    name_of,
    scope_of,
)
from certdesk.actions.orders.stored_submissions import cleartext_material, private_key_of
from certdesk.actions.orders.submitted_data import SubmittedData, submitted_data
from certdesk.actions.orders.upload import uploaded_key_of
from certdesk.actions.validation.challenges import (
    DvAuthDetail,
    DvAuths,
    proofs_of_revocation,
    wanted_proofs,
)
from certdesk.catalog import Commit, catalog
from certdesk.domain.orders.certificate import links_of, pem_of, whole_pem
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.products import PRODUCTS, Scope
from certdesk.engine import Context, Written
from certdesk.ports import Stale, Unit
from certdesk.wire.model import Confidential, Part, Request, field, local_time

DOMAIN_TYPES = {Scope.SINGLE: 1, Scope.MULTI: 2, Scope.WILDCARD: 3, Scope.MULTI_WILDCARD: 4}

KEY_READ = "private key"
"""What the audit log says when a private key is handed out."""


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


class DescribeCertificateDetailRequest(Request):
    """The certificate to show."""

    certificate_id: str
    """The certificate id of the order."""


class DescribedMembers(CertificateMembers, kw_only=True):
    """What DescribeCertificate and DescribeCertificateDetail show and no list does."""

    order_id: str | None
    dv_auth_detail: DvAuthDetail | None
    vulnerability_report: str | None = None
    submitted_data: Confidential[SubmittedData | None]
    dv_revoke_auth_detail: list[DvAuths]


class DescribeCertificateDetailReply(DescribedMembers, kw_only=True):
    """An order; only the mainland edition has the last four members."""

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
    use_cross_sign_root: bool
    hosting_status: int


@catalog.action(*OWN_ORDER, sensitive=True)
def describe_certificate_detail(
    context: Context, request: DescribeCertificateDetailRequest
) -> Commit[DescribeCertificateDetailReply]:
    """Show an order with its material, what to publish, its certificate and its private key.

    The private key is there if the desk made it or it was uploaded, for users with
    `ssl:ReadPrivateKey`, and not while the order moves to another account. The operate log
    notes each time it is shown. The reply has the material until the order is submitted.
    Telephone numbers in it are masked for a user without `ssl:ReadPersonalData`. It never has
    identity numbers and the key pass phrase.
    """

    def read(unit: Unit) -> DescribeCertificateDetailReply:
        return _detail(context, unit, own_order(context, unit, request.certificate_id))

    detail = context.desk.store.read(read)

    def commit(unit: Unit) -> DescribeCertificateDetailReply:
        if not may_read_key(context, unit, own_order(context, unit, request.certificate_id)):
            raise Stale("orders")
        context.record(unit, request.certificate_id, KEY_READ)
        return detail

    return Written(commit) if detail.certificate_private_key else lambda _: detail


def _detail(context: Context, unit: Unit, order: Order) -> DescribeCertificateDetailReply:
    product = PRODUCTS.get(order.product_id)
    submission = unit.submissions.get(order.certificate_id, order.submission)
    certificate = unit.certificates.get(order.certificate_id, order.attempt)
    # Only this action leaves the main name out of SubjectAltName, as the vendor does.
    members = members_of(order, context.now) | {"subject_alt_name": list(order.names)}
    return DescribeCertificateDetailReply(
        **members,
        order_id=order.order_id,
        dv_auth_detail=wanted_proofs(unit, order),
        dv_revoke_auth_detail=proofs_of_revocation(unit, order),
        submitted_data=submitted_data(context, order, submission),
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
        use_cross_sign_root=bool(submission and cleartext_material(submission).cross_sign),
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
    """The certificate to show."""

    certificate_id: str
    """The certificate id of the order."""


class DescribeCertificateReply(DescribedMembers, kw_only=True):
    """An order without its private key and its certificate."""

    package_type_name: str
    ca_encrypt_algorithms: list[str] = field(name="CAEncryptAlgorithms", default_factory=list)
    ca_common_names: list[str] = field(name="CACommonNames", default_factory=list)
    ca_end_times: list[str] = field(name="CAEndTimes", default_factory=list)


@catalog.action(*OWN_ORDER, sensitive=True)
def describe_certificate(
    context: Context, request: DescribeCertificateRequest
) -> Commit[DescribeCertificateReply]:
    """Show an order with its material and what to publish.

    The reply has the material until the order is submitted. Telephone numbers in it are masked
    for a user without `ssl:ReadPersonalData`. It never has identity numbers and the key pass
    phrase.
    """

    def read(unit: Unit) -> DescribeCertificateReply:
        order = own_order(context, unit, request.certificate_id)
        submission = unit.submissions.get(order.certificate_id, order.submission)
        return DescribeCertificateReply(
            **members_of(order, context.now),
            order_id=order.order_id,
            dv_auth_detail=wanted_proofs(unit, order),
            dv_revoke_auth_detail=proofs_of_revocation(unit, order),
            submitted_data=submitted_data(context, order, submission),
            package_type_name=name_of(order),
        )

    return read


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
