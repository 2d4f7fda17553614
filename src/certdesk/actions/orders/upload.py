"""UploadCertificate: storing a certificate that was issued elsewhere."""

from collections.abc import Iterator

from certdesk.actions.access import FIRST, MAY_ADD, check_may_add, own_project
from certdesk.actions.orders.modify import ALIAS_LENGTH
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.tags import tags_faults
from certdesk.domain.delivery.bundles import new_pass_word
from certdesk.domain.errors import (
    CertificateCaError,
    CertificateChainError,
    CertificateEncryptInvalid,
    CertificateInvalid,
    CertificateMatchError,
    CertificateParseError,
    FailedOperation,
    InvalidParam,
    MissMatchPrivateKey,
    ServiceError,
)
from certdesk.domain.orders.certificate import pem_of
from certdesk.domain.orders.derivation import refused_for
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import CA, SERVER, Order, new_certificate_id
from certdesk.domain.orders.records import Task
from certdesk.domain.pki import chain, upload
from certdesk.domain.pki.chain import ChainFault, ChainRefused, UploadedChain
from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.products import UPLOADED
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.texts import text_fault
from certdesk.engine import Context
from certdesk.ports import Stale, Unit, place_of
from certdesk.wire.model import (
    Blank,
    HiddenParsed,
    HiddenPem,
    Ignored,
    Pem,
    Reply,
    Request,
    Tag,
    Unsigned,
)

ISSUER = "upload"
"""The issuer that is recorded for certificates that were not issued here."""

REFUSALS: dict[ChainFault, tuple[str, type[ServiceError]]] = {
    ChainFault.UNREADABLE: ("CertificatePublicKey", CertificateParseError),
    ChainFault.INVALID: ("CertificatePublicKey", CertificateInvalid),
    ChainFault.NOT_A_CA: ("CertificateType", CertificateCaError),
    ChainFault.BROKEN_CHAIN: ("CertificatePublicKey", CertificateChainError),
    ChainFault.SM2: ("CertificatePublicKey", CertificateEncryptInvalid),
    ChainFault.NO_KEY: ("CertificatePrivateKey", MissMatchPrivateKey),
    ChainFault.FOREIGN_KEY: ("CertificatePrivateKey", CertificateMatchError),
}
"""For each fault, the parameter at fault and the vendor's error whose text fits."""


class UploadCertificateRequest(Request):
    """The certificate, its key, and where it belongs. The last parameter is the mainland's."""

    certificate_public_key: Pem
    """Certificates in PEM, 20 at most: the server's or CA's own first, its issuers in any order.
    Issuers may be left out from the end; the root may be there, and text around each."""
    certificate_private_key: HiddenPem | None = None
    """The private key of the first certificate in PEM: RSA or ECC, PKCS#8 or the older form.
    Needed for `SVR`."""
    certificate_type: str | None = None
    """`SVR`: a server's certificate, which is the default; `CA`: a CA's."""
    alias: str | None = None
    """What to call it: 200 characters at most."""
    project_id: Unsigned | None = None
    """The number of a project of the account; 0 is the default."""
    certificate_use: Ignored[str | None] = None
    """The service that will use it, such as `CLB`; this has no effect here."""
    tags: list[Tag] | None = None
    """Labels: 50 at most, with keys of 127 and values of 255 characters."""
    repeatable: bool | None = None
    """Whether the same certificate may be uploaded again: true is the default; with false the
    reply names the one that is there."""
    key_password: HiddenParsed | None = None
    """The password of the private key, if it is encrypted. The key is kept without it."""


class UploadCertificateReply(Reply):
    """The stored certificate; `RepeatCertId` is the same id if it was there before."""

    certificate_id: str
    repeat_cert_id: Blank


@catalog.action(
    *MAY_ADD,
    *(error for _, error in REFUSALS.values()),
    FailedOperation,
    InvalidParam,
    writes=True,
    sensitive=True,
)
def upload_certificate(
    context: Context, request: UploadCertificateRequest
) -> Commit[UploadCertificateReply]:
    """Store a certificate that was made elsewhere, with its chain and its private key.

    It is at status 1 at once. The chain has to be complete in itself and the key has to match. The
    desk does not check whether anybody trusts the root.
    """
    project_id = request.project_id or FIRST
    check_may_add(context, project_id)
    faults = [*_faults(request), *tags_faults(_tags(request), context.desk.rules.quotas)]
    if faults:
        raise InvalidParam(" ".join(faults))
    found = _read(context, request)
    certificate = _certificate(context, found)
    order = _order(context, request, found, certificate.certificate_id)

    def commit(unit: Unit) -> UploadCertificateReply:
        own_project(unit, context.caller.uin, project_id)
        same = None if request.repeatable in (None, True) else _same(context, unit, order, found)
        if same is not None:
            return UploadCertificateReply(
                certificate_id=same.certificate_id, repeat_cert_id=same.certificate_id
            )
        if unit.orders.get(order.certificate_id) is not None:
            raise Stale("orders")
        unit.orders.add(order)
        unit.certificates.add(certificate)
        unit.tasks.add(
            Task(certificate_id=order.certificate_id, uin=order.uin, due_at=order.ends_at)
        )
        context.record(unit, order.certificate_id, f"serial {certificate.serial}")
        return UploadCertificateReply(certificate_id=order.certificate_id, repeat_cert_id="")

    return commit


def uploaded_key_of(context: Context, certificate: Certificate) -> Secret | None:
    """Return the private key that was uploaded with a certificate, as PEM."""
    if certificate.private_key is None:
        return None
    return context.desk.vault.open(certificate.private_key, place_of(certificate, "private_key"))


def _faults(request: UploadCertificateRequest) -> Iterator[str]:
    if request.certificate_type not in (None, SERVER, CA):
        yield f"CertificateType: must be {SERVER} or {CA}."
    fault = text_fault(request.alias or "", ALIAS_LENGTH)
    if fault is not None:
        yield f"Alias: {fault}."


def _tags(request: UploadCertificateRequest) -> tuple[tuple[str, str], ...]:
    return tuple((tag.tag_key, tag.tag_value) for tag in request.tags or ())


def _read(context: Context, request: UploadCertificateRequest) -> UploadedChain:
    """Return the uploaded chain, and refuse one that no server could use now."""
    of_kind = chain.for_ca if request.certificate_type == CA else chain.for_server
    examined = context.parse(
        upload.TOO_COSTLY,
        upload.examine,
        request.certificate_public_key,
        request.certificate_private_key,
        request.key_password,
    )
    try:
        found = of_kind(upload.found_in(examined))
    except ChainRefused as refused:
        parameter, error = REFUSALS[refused.fault]
        raise error(f"{parameter}: {refused.rule}.") from None
    if found.ends_at < context.now:
        raise CertificateInvalid(
            f"CertificatePublicKey: the certificate ended at {found.ends_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    return found


def _certificate(context: Context, found: UploadedChain) -> Certificate:
    """Return the record of the certificate, with its secrets sealed."""
    certificate = Certificate(
        certificate_id=new_certificate_id(context.desk.rng),
        attempt=0,
        uin=context.caller.uin,
        issuer=ISSUER,
        serial=found.serial,
        leaf=found.leaf,
        chain="".join(map(pem_of, found.chain)),
        root=found.root,
        key=found.key,
        spki_sha256=found.spki_sha256,
        sha1=found.sha1,
        sha256=found.sha256,
        begins_at=found.begins_at,
        ends_at=found.ends_at,
        kept_at=context.now,
    )
    if found.private_key is None:
        return certificate
    key, word = Secret(found.private_key), new_pass_word(context.desk.rng)
    seal = context.desk.vault.seal
    return replace(
        certificate,
        private_key=seal(key, place_of(certificate, "private_key")),
        archive_pass=seal(word, place_of(certificate, "archive_pass")),
    )


def _order(
    context: Context, request: UploadCertificateRequest, found: UploadedChain, certificate_id: str
) -> Order:
    return Order(
        certificate_id=certificate_id,
        uin=context.caller.uin,
        product_id=UPLOADED,
        certificate_type=request.certificate_type or SERVER,
        domain_num=1 + len(found.names),
        time_span=0,
        status=Status.ISSUED,
        project_id=request.project_id or FIRST,
        alias=request.alias or "",
        deal_id="",
        tags=_tags(request),
        domain=found.domain,
        names=found.names,
        key=found.key,
        key_kept=found.private_key is not None,
        root_known=found.root is not None,
        begins_at=found.begins_at,
        ends_at=found.ends_at,
        created_at=context.now,
    )


def _same(context: Context, unit: Unit, order: Order, found: UploadedChain) -> Order | None:
    """Return the oldest upload of the same certificate and type that the caller may use."""
    kept = unit.certificates.where(uin=order.uin, sha256=found.sha256, issuer=ISSUER)
    orders = (unit.orders.get(certificate.certificate_id) for certificate in kept)
    usable = [
        one
        for one in orders
        if one is not None
        and one.certificate_type == order.certificate_type
        and not refused_for(context.caller.grants, context.permission, one)
    ]
    return min(usable, key=lambda one: one.number, default=None)
