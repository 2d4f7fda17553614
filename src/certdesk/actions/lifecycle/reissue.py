"""ReplaceCertificate: reissue of a certificate for the same names, within the bought time."""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.actions.access import OWN_ORDER, own_order
from certdesk.actions.orders import certificate_info_submit
from certdesk.actions.orders.material import prepare_submission
from certdesk.actions.orders.order_submit import VERIFY_TYPES, submit_order
from certdesk.actions.orders.parameters import Parameters
from certdesk.actions.orders.stored_submissions import earlier_material, key_pass_of
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    FailedOperation,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
    OrderAlreadyReplaced,
    OrderReplaceFailed,
    RenewAlgorithmInvalid,
    ServiceError,
)
from certdesk.domain.orders.derivation import MOST_ORIGINS, derived
from certdesk.domain.orders.lifecycle import GIVEN_UP, Status
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.order import EXPIRES_SOON, Order, new_certificate_id
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.submission import ONLINE, PARSE, MaterialRefused
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.products import FREE
from certdesk.domain.values.record import replace
from certdesk.domain.values.redaction import redacted_unless_near
from certdesk.domain.values.revocation_reason import ReasonRefused, words_of
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.ports import Stale, Unit, block_of
from certdesk.wire.model import HiddenParsed, Pem, Reply, Request, field

ORIGINAL, UPLOAD, FRESH = SOURCES = ("original", "upload", "online")
"""Where the CSR comes from (CsrType, in small letters)."""

DEFAULT_PARAMETERS = {"RSA": "2048", "ECC": "prime256v1"}
MISPRINTED = {"ECC1": "ECC"}
"""What the vendor's international page prints in place of an algorithm's name."""

FREE_KIND = KeyKind.RSA_2048
"""The only kind of key for which a free certificate is reissued."""


class ReplaceCertificateRequest(Request):
    """The certificate to reissue, how its names are validated, and its key."""

    certificate_id: str
    """The certificate id of the original, which is issued and has more than 30 days left."""
    valid_type: str
    """How the desk validates the names: `DNS`, `DNS_AUTO`, or `FILE` where no name is a
    wildcard."""
    csr_type: str | None = None
    """Where the CSR comes from, in any case: `Original`, the default, takes that of the original
    and its key; `Upload` takes `CsrContent`; for `Online` the desk makes both."""
    csr_content: Pem | None = None
    """The PEM of a CSR for the same names, when `CsrType` is `Upload`; otherwise ignored."""
    csrkey_password: HiddenParsed | None = None
    """Pass phrase of 1 to 32 printable characters for PFX and JKS files; never shown. Without it
    that of the original stays where its key does."""
    reason: str | None = None
    """Why it is reissued, in 255 characters at most: reviewers of the order read it."""
    cert_csr_encrypt_algo: str | None = field(name="CertCSREncryptAlgo", default=None)
    """Algorithm of the key, when `CsrType` is `Online`: `RSA`, the default, or `ECC`."""
    cert_csr_key_parameter: str | None = field(name="CertCSRKeyParameter", default=None)
    """Size or curve of the key, when `CsrType` is `Online`: `2048`, the default, or `4096`;
    `prime256v1`, the default, or `secp384r1`."""
    sign_algo: str | None = None
    """Hash of the certificate's signature: `SHA256`, `SHA384` or `SHA512`; without it the
    original's."""
    use_cross_sign_root: bool | None = None
    """Whether the chain is to end in a cross-signed root; without it as the original's."""


class ReplaceCertificateReply(Reply):
    """The new order, which is under review."""

    certificate_id: str


class ReissueParameters(Parameters):
    """Reports a value of the original that is no longer accepted as a failure to reissue."""

    def refusal(self, refused: MaterialRefused, material: Material) -> ServiceError:
        """Return the error for refused material."""
        worded = super().refusal(refused, material)
        if all(self.knows(fault.path) for fault in refused.faults):
            return worded
        return OrderReplaceFailed(worded.detail)

    def invalid(self, path: str, rule: str) -> ServiceError:
        """Return the error for one refused value, without showing the value."""
        worded = super().invalid(path, rule)
        return worded if self.knows(path) else OrderReplaceFailed(worded.detail)


PARAMETERS = ReissueParameters(
    ReplaceCertificateRequest,
    {
        "csr": "csr_content",
        "key_algorithm": "cert_csr_encrypt_algo",
        "key_parameter": "cert_csr_key_parameter",
        "key_pass": "csrkey_password",
        "verify_type": "valid_type",
        "sign_algorithm": "sign_algo",
        "cross_sign": "use_cross_sign_root",
    },
    {
        "personal": "the original is a personal certificate",
        "as_person": "a person's",
        "nobody_named": "the original has no company",
        "no_manager_named": "the original has no manager",
    },
    beyond=("CertificateInfoSubmit", certificate_info_submit.PARAMETERS),
)


@catalog.action(
    *OWN_ORDER,
    FailedOperation,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
    OrderAlreadyReplaced,
    OrderReplaceFailed,
    RenewAlgorithmInvalid,
    writes=True,
    sensitive=True,
)
def replace_certificate(
    context: Context, request: ReplaceCertificateRequest
) -> Commit[ReplaceCertificateReply]:
    """Reissue a certificate: a new order for the same names, which goes to the CA at once.

    The desk validates its names again. It needs no review while company and manager are vetted.
    The new certificate lasts as long as it may within the bought time; the old one stays valid
    until it expires.
    """
    original, submission = context.desk.store.read(
        lambda unit: _replaceable(context, unit, request.certificate_id)
    )
    material = _material(context, request, submission)
    again = submission if _source(request) == ORIGINAL else None
    draft = replace(_draft(context, original), owner_comment=_comment(request.reason))
    keep = prepare_submission(
        context, lambda _: draft, material, PARAMETERS, kinds=tuple(KeyKind), again=again
    )
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> ReplaceCertificateReply:
        current, _ = _replaceable(context, unit, request.certificate_id)
        # A compromised or weak key gets no certificate (Baseline Requirements 6.1.1.3).
        if again is not None and block_of(unit, current.uin, again.spki_sha256) is not None:
            raise OrderReplaceFailed(
                "The key is blocked. Use CsrType Online, or send a CSR with a new key."
            )
        if unit.orders.get(draft.certificate_id) is not None:
            raise Stale("orders")
        # A renewal of the original also replaces the reissue, so the time is not bought twice.
        added = replace(draft, renewed_by=current.renewed_by)
        order = keep(unit, unit.orders.add(derived(added, current)))
        _check_key(order)
        unit.orders.replace(replace(current, replaced_by=order.certificate_id))
        submit_order(context, unit, order, request.valid_type)
        return ReplaceCertificateReply(certificate_id=order.certificate_id)

    return commit


def _replaceable(context: Context, unit: Unit, certificate_id: str) -> tuple[Order, Submission]:
    """Return the order of a certificate that may be reissued, and its submission.

    Raises:
        CertificateNotFound, AuthError, NoProjectPermission: as `own_order`.
        NoRealNameAuth: the account is not verified.
        InvalidCertificateSource: the certificate was uploaded.
        InvalidCertificateStatusCode: it is not issued, or ends within 30 days.
        OrderReplaceFailed: the chain of reissues before it is too long.
        OrderAlreadyReplaced: it has been reissued, or a reissue is under way.
    """
    order = own_order(context, unit, certificate_id)
    if not context.caller.verified:
        raise NoRealNameAuth
    if order.uploaded:
        raise InvalidCertificateSource(
            "The certificate was uploaded. The desk can only reissue what it issued."
        )
    if order.status is not Status.ISSUED or order.ends_at is None:
        raise InvalidCertificateStatusCode(f"The order has status {order.status.in_words}.")
    if order.ends_at <= context.now + EXPIRES_SOON:
        raise InvalidCertificateStatusCode(
            f"The certificate ends within {EXPIRES_SOON.days} days. Order a new one."
        )
    if len(order.origins) >= MOST_ORIGINS:
        raise OrderReplaceFailed(
            f"The certificate already follows {MOST_ORIGINS} earlier ones. Order a new one."
        )
    _check_not_replaced(unit, order)
    submission = unit.submissions.get(certificate_id, order.submission)
    assert submission is not None  # noqa: S101 -- the order names it
    return order, submission


def _check_not_replaced(unit: Unit, order: Order) -> None:
    """Refuse a second reissue of a certificate, unless the first one failed.

    Raises:
        OrderAlreadyReplaced: there is another reissue, or it is itself the reissue of a free one.
    """
    if order.product_id == FREE and order.replaces is not None:
        raise OrderAlreadyReplaced(
            f"A free certificate can be reissued once. This one already replaces {order.replaces}."
        )
    if order.replaced_by is None:
        return
    successor = unit.orders.get(order.replaced_by)
    if successor is None or successor.status not in GIVEN_UP:
        raise OrderAlreadyReplaced(f"{order.replaced_by} already replaces it.")


def _comment(reason: str | None) -> str:
    try:
        return words_of(reason)
    except ReasonRefused as refused:
        raise InvalidParam(f"Reason: {refused}.") from None


def _source(request: ReplaceCertificateRequest) -> str:
    return (request.csr_type or ORIGINAL).lower()


def _material(
    context: Context, request: ReplaceCertificateRequest, submission: Submission
) -> Material:
    """Return the material of the reissue: the original's, changed as the request says.

    Raises:
        InvalidParam: with all faults of the validation method and the CSR's source.
    """
    faults = list(_faults(request))
    if faults:
        raise InvalidParam(" ".join(faults))
    earlier = earlier_material(context, submission)
    company, manager = submission.company_id, submission.manager_id
    cross_sign = request.use_cross_sign_root
    same = replace(
        earlier,
        company_id=str(company or 0),
        manager_id=None if manager is None else str(manager),
        verify_type=request.valid_type,
        sign_algorithm=request.sign_algo or earlier.sign_algorithm,
        cross_sign=earlier.cross_sign if cross_sign is None else cross_sign,
        key_pass=Secret(request.csrkey_password) if request.csrkey_password else None,
    )
    if _source(request) == ORIGINAL:
        key_pass = same.key_pass or key_pass_of(context, submission)
        return replace(same, csr=submission.csr, key_pass=key_pass)
    if _source(request) == UPLOAD:
        return replace(same, csr_source=PARSE, csr=request.csr_content)
    given = request.cert_csr_encrypt_algo or "RSA"
    algorithm = MISPRINTED.get(given, given)
    return replace(
        same,
        csr_source=ONLINE,
        csr=None,
        key_algorithm=algorithm,
        key_parameter=request.cert_csr_key_parameter or DEFAULT_PARAMETERS.get(algorithm, ""),
    )


def _faults(request: ReplaceCertificateRequest) -> Iterator[str]:
    if request.valid_type not in VERIFY_TYPES:
        got = redacted_unless_near(request.valid_type, VERIFY_TYPES)
        yield f"ValidType: must be DNS, DNS_AUTO or FILE; got {got}."
    if _source(request) not in SOURCES:
        got = redacted_unless_near(request.csr_type or "", SOURCES)
        yield f"CsrType: must be Original, Upload or Online; got {got}."
    if _source(request) == UPLOAD and request.csr_content is None:
        yield "CsrContent: needed when CsrType is Upload."


def _draft(context: Context, original: Order) -> Order:
    free = original.product_id == FREE
    return Order(
        certificate_id=new_certificate_id(context.desk.rng),
        uin=original.uin,
        product_id=original.product_id,
        domain_num=original.domain_num,
        time_span=original.time_span,
        status=Status.FREE_AWAITING_MATERIAL if free else Status.AWAITING_MATERIAL,
        project_id=original.project_id,
        alias=original.alias,
        deal_id=original.deal_id,
        tags=original.tags,
        delete_record=original.delete_record,
        registrable=original.registrable,
        replaces=original.certificate_id,
        ends_by=original.ends_by,
        created_at=context.now,
    )


def _check_key(order: Order) -> None:
    """Refuse to reissue a free certificate for a kind of key that the vendor does not allow.

    Raises:
        RenewAlgorithmInvalid: the key is of another kind.
    """
    if order.product_id == FREE and order.key != FREE_KIND.label:
        raise RenewAlgorithmInvalid(
            f"A free certificate can be reissued only with a key of {FREE_KIND.label}. This "
            f"one has {order.key}."
        )
