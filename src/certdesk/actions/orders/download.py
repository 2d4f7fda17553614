"""Downloads of certificates: the zip for all servers, and links to the zip for one.

A link is a request that was permitted in advance. It names the key that asked for it; when it is
used, that key, its user and their policies are checked as they are then.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

import msgspec

from certdesk.actions.access import OWN_ORDER, may_read_key, own_order
from certdesk.actions.orders.describe import KEY_READ
from certdesk.actions.orders.stored_submissions import key_pass_of, private_key_of
from certdesk.actions.orders.upload import uploaded_key_of
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.policy import READ_KEY
from certdesk.domain.delivery.bundles import (
    ROOT,
    SERVER_KINDS,
    Archive,
    Delivery,
    NothingToHandOver,
    server_zip,
    whole_zip,
)
from certdesk.domain.errors import (
    AuthError,
    CertificateDownloadServiceTypeNotSupport,
    CertificateNotAllowDownload,
    CertificateNotFound,
    CertificateStatusNotAllowDownload,
    InvalidCertificateStatusCode,
    ServiceError,
)
from certdesk.domain.orders.certificate import ders_of
from certdesk.domain.orders.lifecycle import STATUS_NAMES, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.renewal import in_force
from certdesk.domain.people.role import ACCOUNTS
from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.redaction import redacted_unless_near
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.ports import DESK, Place, Stale, Unit, Vault, VaultError, followers_of, place_of
from certdesk.wire.model import Confidential, Reply, Request

KIB = 1024
ZIP = "application/zip"
DEFAULT_KIND = "nginx"
NO_KEY = f"The download would contain the private key, and no policy allows {READ_KEY}."

LINKS = Place(DESK, "links", "", "token")
"""Where links are sealed: the desk does not store them; only their holders have them."""

LINKED = (
    *OWN_ORDER,
    CertificateDownloadServiceTypeNotSupport,
    CertificateNotAllowDownload,
    CertificateStatusNotAllowDownload,
)
"""The errors when a link is made, and again when it is used."""


class DownloadCertificateRequest(Request):
    """The certificate to download."""

    certificate_id: str
    """The certificate id of the order."""


class DownloadCertificateReply(Reply):
    """A zip with a folder for each server, in base64, and its MIME type."""

    content: Confidential[str]
    content_type: str


class DescribeDownloadCertificateUrlRequest(Request):
    """The certificate, and the kind of server."""

    certificate_id: str
    """The certificate id of the order."""
    service_type: str | None = None
    """`nginx`, the default, `apache`, `tomcat`, `iis`, `jks`, `root` or `other`."""


class DescribeDownloadCertificateUrlReply(Reply):
    """A link to a zip, which works for a few minutes, and a file name for it."""

    download_certificate_url: Confidential[str]
    download_filename: str


class FetchDownloadRequest(Request):
    """What a link leads to."""

    certificate_id: str
    service_type: str
    filename: str
    current: bool = False
    """Whether to return the certificate that is in force now in place of that one."""


class FetchDownloadReply(Reply):
    """The zip."""

    content: Confidential[bytes]


class Holding(Record, kw_only=True):
    """A certificate with its order, and the order's material."""

    order: Order
    certificate: Certificate
    submission: Submission | None

    def has_key(self, kind: str = "") -> bool:
        """Whether the zip for a kind of server, or the zip for all, has the private key."""
        source = self.submission or self.certificate
        return source.private_key is not None and kind != ROOT


class DownloadLink(msgspec.Struct, frozen=True, array_like=True):
    """Who may fetch what until when: `ends` is in Unix seconds."""

    secret_id: str
    certificate_id: str
    service_type: str
    ends: int


_LINK = msgspec.json.Decoder(DownloadLink)


@catalog.action(
    *OWN_ORDER, InvalidCertificateStatusCode, writes=True, sensitive=True, body_limit=4 * KIB
)
def download_certificate(
    context: Context, request: DownloadCertificateRequest
) -> Commit[DownloadCertificateReply]:
    """Download a certificate with its chain, in the files that servers read.

    The private key is among them if the desk made it, or has it from an upload; then the caller
    needs `ssl:ReadPrivateKey` as well. The operate log notes the download.
    """
    holding = context.desk.store.read(lambda unit: _whole(context, unit, request.certificate_id))
    content = base64.b64encode(whole_zip(_delivery(context, holding))).decode("ascii")

    def commit(unit: Unit) -> DownloadCertificateReply:
        _check_same(_whole(context, unit, request.certificate_id), holding)
        context.record(unit, request.certificate_id, KEY_READ if holding.has_key() else "")
        return DownloadCertificateReply(content=content, content_type=ZIP)

    return commit


@catalog.action(*LINKED, sensitive=True, body_limit=4 * KIB)
def describe_download_certificate_url(
    context: Context, request: DescribeDownloadCertificateUrlRequest
) -> Commit[DescribeDownloadCertificateUrlReply]:
    """Return a download link for a certificate, in the files that one kind of server reads.

    Anybody who has the link can use it until it ends (`download.link_minutes`); the operate log
    notes each use. With `?current` it leads to the certificate that is then in force in place
    of this one. If the files hold the private key, the caller needs `ssl:ReadPrivateKey` as
    well.
    """
    kind = request.service_type or DEFAULT_KIND
    holding, archive = _prepared(context, request.certificate_id, kind)
    link = DownloadLink(
        secret_id=context.caller.actor,
        certificate_id=request.certificate_id,
        service_type=kind,
        ends=int((context.now + context.desk.rules.link_life).timestamp()),
    )
    base, token = context.desk.rules.public_url, _token(context.desk.vault, link)
    reply = DescribeDownloadCertificateUrlReply(
        download_certificate_url=f"{base}/download/{token}/{archive.filename}",
        download_filename=archive.filename,
    )

    def read(unit: Unit) -> DescribeDownloadCertificateUrlReply:
        _check_same(_allowed(context, unit, request.certificate_id, kind), holding)
        return reply

    return read


@catalog.action(*LINKED, writes=True, internal=True, roles=ACCOUNTS)
def fetch_download(context: Context, request: FetchDownloadRequest) -> Commit[FetchDownloadReply]:
    """Return what a link leads to, for the caller that the link names."""
    context = replace(context, action="DescribeDownloadCertificateUrl")
    certificate_id, kind = request.certificate_id, request.service_type
    if request.current:
        certificate_id = context.desk.store.read(lambda unit: _current(context, unit, request))
    holding, archive = _prepared(context, certificate_id, kind)
    if archive.filename != request.filename:
        raise CertificateNotFound

    def commit(unit: Unit) -> FetchDownloadReply:
        _check_same(_allowed(context, unit, certificate_id, kind), holding)
        context.record(
            unit, certificate_id, f"{kind}, {KEY_READ}" if holding.has_key(kind) else kind
        )
        return FetchDownloadReply(content=archive.data)

    return commit


def _current(context: Context, unit: Unit, request: FetchDownloadRequest) -> str:
    """Return the certificate that is in force in place of the one that a link names, if any."""
    order = own_order(context, unit, request.certificate_id)
    return (in_force(order, followers_of(unit, order)) or order).certificate_id


def opened_link(vault: Vault, token: str, now: datetime) -> DownloadLink | None:
    """Read the token of a link; None if the desk did not make it, or it has ended."""
    try:
        sealed = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
        link = _LINK.decode(vault.open(sealed, LINKS).reveal())
    except (UnicodeEncodeError, binascii.Error, VaultError):
        return None
    return link if now < datetime.fromtimestamp(link.ends, UTC) else None


def _token(vault: Vault, link: DownloadLink) -> str:
    """Return the sealed token of a link, which nobody can read, forge or change."""
    sealed = vault.seal(Secret(msgspec.json.encode(link)), LINKS)
    return base64.urlsafe_b64encode(sealed).decode("ascii")


def _prepared(context: Context, certificate_id: str, kind: str) -> tuple[Holding, Archive]:
    """Return the zip for a kind of server, with everything that the caller may have.

    Raises:
        CertificateDownloadServiceTypeNotSupport: there is no such kind, or no files for it.
        AuthError, CertificateNotAllowDownload, CertificateNotFound, NoProjectPermission,
        CertificateStatusNotAllowDownload: as `_allowed`.
    """
    holding = context.desk.store.read(lambda unit: _allowed(context, unit, certificate_id, kind))
    try:
        return holding, server_zip(_delivery(context, holding), kind)
    except NothingToHandOver as refused:
        detail = f"ServiceType: the desk cannot make a {kind} file, because {refused}."
        raise CertificateDownloadServiceTypeNotSupport(detail) from None


def _allowed(context: Context, unit: Unit, certificate_id: str, kind: str) -> Holding:
    """Read an issued certificate that the caller may have for a kind of server.

    Raises:
        CertificateNotFound, AuthError, NoProjectPermission: as `own_order`.
        CertificateDownloadServiceTypeNotSupport: there is no such kind.
        CertificateStatusNotAllowDownload: the certificate is not issued.
        CertificateNotAllowDownload: the zip has the private key, which the caller may not have.
    """
    own_order(context, unit, certificate_id)
    if kind not in SERVER_KINDS:
        got = redacted_unless_near(kind, SERVER_KINDS)
        detail = f"ServiceType: must be one of {', '.join(SERVER_KINDS)}, not {got}."
        raise CertificateDownloadServiceTypeNotSupport(detail)
    holding = _issued(context, unit, certificate_id, CertificateStatusNotAllowDownload)
    if holding.has_key(kind) and not may_read_key(context, unit, holding.order):
        raise CertificateNotAllowDownload(NO_KEY)
    return holding


def _whole(context: Context, unit: Unit, certificate_id: str) -> Holding:
    """Read an issued certificate that the caller may have for every server.

    Raises:
        CertificateNotFound, NoProjectPermission: as `own_order`.
        AuthError: as `own_order`, or the zip has the private key, which the caller may not have.
        InvalidCertificateStatusCode: the certificate is not issued.
    """
    holding = _issued(context, unit, certificate_id, InvalidCertificateStatusCode)
    if holding.has_key() and not may_read_key(context, unit, holding.order):
        raise AuthError(NO_KEY)
    return holding


def _issued(
    context: Context, unit: Unit, certificate_id: str, refusal: type[ServiceError]
) -> Holding:
    """Read a certificate that can be downloaded now.

    Raises:
        CertificateNotFound, AuthError, NoProjectPermission: as `own_order`.
        ServiceError: the certificate is not issued; the type is `refusal`.
    """
    order = own_order(context, unit, certificate_id)
    if order.status is not Status.ISSUED:
        name = STATUS_NAMES[order.status]
        raise refusal(f"The order has status {order.status.value} ({name}).")
    certificate = unit.certificates.get(certificate_id, order.attempt)
    assert certificate is not None  # noqa: S101 -- it was stored when the order became issued
    return Holding(
        order=order,
        certificate=certificate,
        submission=unit.submissions.get(certificate_id, order.submission),
    )


def _check_same(holding: Holding, before: Holding) -> None:
    """Refuse to hand out one certificate in place of another."""
    if holding.certificate.sha256 != before.certificate.sha256:
        raise Stale("certificates")


def _delivery(context: Context, holding: Holding) -> Delivery:
    certificate, submission = holding.certificate, holding.submission
    online = submission is not None and submission.private_key is not None
    return Delivery(
        certificate_id=certificate.certificate_id,
        domain=holding.order.domain or "",
        leaf=certificate.leaf,
        chain=ders_of(certificate.chain),
        root=certificate.root,
        private_key=_private_key(context, holding),
        csr=submission.csr if submission is not None and online else None,
        key_pass=key_pass_of(context, submission) if submission else None,
        made_pass=_made_pass(context, certificate),
        made_at=certificate.kept_at,
    )


def _private_key(context: Context, holding: Holding) -> Secret | None:
    if holding.submission is not None:
        return private_key_of(context, holding.submission)
    return uploaded_key_of(context, holding.certificate)


def _made_pass(context: Context, certificate: Certificate) -> Secret:
    if certificate.archive_pass is None:
        # Without a private key there is no key store, and no password to open one.
        return Secret("")
    return context.desk.vault.open(certificate.archive_pass, place_of(certificate, "archive_pass"))
