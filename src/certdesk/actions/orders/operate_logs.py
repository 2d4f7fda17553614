"""DescribeCertificateOperateLogs: the audit log of an account's certificates."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from certdesk.actions.paging import MOST, limit_of
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.records import BY_DESK, AuditEntry, AuditPage, AuditQuery
from certdesk.domain.errors import InvalidParam
from certdesk.domain.orders.derivation import refused_for
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Context
from certdesk.ports import Unit
from certdesk.wire.model import Dashed, Part, Reply, Request, Unsigned, local_time, read_time

WINDOW = timedelta(days=15)
"""How far back a list without a start time goes."""

LAST_OF_A_SECOND = timedelta(microseconds=999_999)
"""Times are given to the second, and the end time is included."""

TYPES = {
    "ApplyCertificate": ("apply", "applies for"),
    "CreateCertificate": ("applyVIP", "buys"),
    "GrantOrder": ("apply", "gives the order of"),
    "ReissueByDesk": ("multiYearsRenew", "reissues, within the time that was bought,"),
    "RenewByDesk": ("renewVIP", "renews"),
    "SucceedCertificate": ("apply", "submits the order of"),
    "WarnOfEnd": ("renewalWarning", "warns of the end of"),
    "ReplaceCertificate": ("replace", "reissues"),
    "CertificateInfoSubmit": ("submitInfo", "submits the material of"),
    "SubmitCertificateInformation": ("submitInfo", "submits the material of"),
    "CancelCertificateOrder": ("cancel", "cancels the order of"),
    "CertificateOrderSubmit": ("apply", "submits the order of"),
    "CommitCertificateInformation": ("apply", "submits the order of"),
    "CancelAuditCertificate": ("cancel", "cancels the review of"),
    "ModifyCertificateResubmit": ("Resubmit", "opens again the order of"),
    "RefundOrder": ("refund", "pays back the order of"),
    "DeleteCertificate": ("delete", "deletes"),
    "DownloadCertificate": ("download", "downloads"),
    "DescribeCertificateDetail": ("download", "reads the private key of"),
    "DescribeDownloadCertificateUrl": ("download", "downloads by a link"),
    "UploadConfirmLetter": ("uploadConfirmLetter", "uploads the letter of confirmation of"),
    "RevokeCertificate": ("revoke", "revokes"),
    "UploadRevokeLetter": ("editRevokeLetter", "uploads the letter of revocation of"),
    "CondemnKey": ("revoke", "revokes, because its key is compromised,"),
    "Revoke": ("revoked", "completes the revocation of"),
    "CancelRevoke": ("cancelRevoke", "gives up revoking"),
    "ProveDomain": ("domainValidationPassed", "proves a name of"),
    "Issue": ("issued", "issues"),
    "UploadCertificate": ("upload", "uploads"),
    "ModifyCertificateAlias": ("updateAlias", "renames"),
    "ModifyCertificateProject": ("changeProject", "moves to another project"),
    "MoveOut": ("transferOut", "hands over to another account"),
    "MoveIn": ("transferIn", "takes over from another account"),
}
"""The vendor's word for each listed action, and the sentence that describes it.

`deletes`, `applies for`, `revokes` and `issues` were recorded at the vendor; the other sentences
are ours.
"""

NOBODY = "--"
"""Stands for the user when the desk itself or its operator acted."""


class DescribeCertificateOperateLogsRequest(Request):
    """The time span, and the page of the log."""

    offset: Unsigned | None = None
    """How many to pass over; 0 is the default."""
    limit: Unsigned | None = None
    """How many to show at most: 20 is the default; beyond 1000 it is cut."""
    start_time: str | None = None
    """`YYYY-MM-DD HH:MM:SS` in UTC+8, or ISO 8601 with a zone; 15 days ago is the default."""
    end_time: str | None = None
    """As `StartTime`; now is the default."""


class OperationLog(Part):
    """One event in the log of a certificate."""

    action: str
    created_on: str | None
    uin: str
    sub_account_uin: Dashed
    cert_id: str
    type: str


class DescribeCertificateOperateLogsReply(Reply):
    """A page of the log, the length of the page, and the number of all rows."""

    all_total: int
    total_count: int
    operate_logs: list[OperationLog]


@catalog.action(InvalidParam)
def describe_certificate_operate_logs(
    context: Context, request: DescribeCertificateOperateLogsRequest
) -> Commit[DescribeCertificateOperateLogsReply]:
    """List what was done to the account's certificates, newest first.

    A user sees only certificates that their policies allow.
    """
    query = _query(context, request)

    def read(unit: Unit) -> DescribeCertificateOperateLogsReply:
        page = _page(context, unit, query)
        return DescribeCertificateOperateLogsReply(
            all_total=page.total,
            total_count=len(page.entries),
            operate_logs=[_log(entry) for entry in page.entries],
        )

    return read


def _query(context: Context, request: DescribeCertificateOperateLogsRequest) -> AuditQuery:
    return AuditQuery(
        uin=context.caller.uin,
        actions=frozenset(TYPES),
        since=_time("StartTime", request.start_time) or context.now - WINDOW,
        until=(_time("EndTime", request.end_time) or context.now) + LAST_OF_A_SECOND,
        offset=request.offset or 0,
        limit=limit_of(request.limit, 20),
    )


def _time(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else read_time(text)
    except ValueError as refused:
        raise InvalidParam(f"{name}: {refused}.") from None


def _page(context: Context, unit: Unit, query: AuditQuery) -> AuditPage:
    """Read a page; if policies select, filter all entries of the time span."""
    if not context.caller.grants.selects(context.permission):
        return unit.audit.page(query)
    seen = [entry for entry in _all(unit, query) if _allowed(context, unit, entry.subject)]
    return AuditPage(tuple(seen[query.offset : query.offset + query.limit]), len(seen))


def _all(unit: Unit, query: AuditQuery) -> Iterator[AuditEntry]:
    offset, total = 0, 1
    while offset < total:
        page = unit.audit.page(replace(query, offset=offset, limit=MOST))
        yield from page.entries
        offset, total = offset + MOST, page.total


def _allowed(context: Context, unit: Unit, certificate_id: str) -> bool:
    order = unit.orders.get(certificate_id)
    if order is None or order.uin != context.caller.uin:
        return False
    return not refused_for(context.caller.grants, context.permission, order)


def _log(entry: AuditEntry) -> OperationLog:
    kind, done = TYPES[entry.action]
    user = _user(entry)
    return OperationLog(
        action=f"User [uin: {user}] {done} certificate [id: {entry.subject}]",
        created_on=local_time(entry.at),
        uin=entry.uin,
        sub_account_uin=user,
        cert_id=entry.subject,
        type=kind,
    )


def _user(entry: AuditEntry) -> str:
    if entry.actor in (OPERATOR.actor, BY_DESK):
        return NOBODY
    return entry.uin if entry.user_id is None else str(entry.user_id)
