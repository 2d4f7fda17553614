"""ModifyCertificatesExpiringNotificationSwitch: the warnings before certificates expire."""

from certdesk.actions.access import UNAUTHORIZED, own_order
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CertificatesNumberExceeded,
    FailedOperation,
)
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Reply, Request, Unsigned

MOST_IDS = 50
WARN, BE_SILENT = 0, 1


class ModifyCertificatesExpiringNotificationSwitchRequest(Request):
    """The certificates, and whether warnings before they expire are wanted."""

    certificate_ids: list[str]
    """Certificate ids of the orders: 1 to 50."""
    switch_status: Unsigned
    """0: warn before they expire; 1: do not."""


class ModifyCertificatesExpiringNotificationSwitchReply(Reply):
    """The certificates of the request."""

    certificate_ids: list[str]


@catalog.action(*UNAUTHORIZED, CertificatesNumberExceeded, FailedOperation, writes=True)
def modify_certificates_expiring_notification_switch(
    context: Context, request: ModifyCertificatesExpiringNotificationSwitchRequest
) -> Commit[ModifyCertificatesExpiringNotificationSwitchReply]:
    """Switch warnings before certificates expire on or off, for all of these or for none.

    DescribeCertificates shows the switch as `IsIgnore`. The desk warns of a certificate that it
    should renew and could not.
    """
    ids, status = list(dict.fromkeys(request.certificate_ids)), request.switch_status
    if len(ids) > MOST_IDS:
        raise CertificatesNumberExceeded(
            f"CertificateIds: must be 1 to {MOST_IDS} ids, not {len(ids)}."
        )
    if not ids:
        raise FailedOperation(f"CertificateIds: must be 1 to {MOST_IDS} ids, not 0.")
    if status not in (WARN, BE_SILENT):
        raise FailedOperation(f"SwitchStatus: must be {WARN} or {BE_SILENT}, not {status}.")

    def commit(unit: Unit) -> ModifyCertificatesExpiringNotificationSwitchReply:
        for certificate_id in ids:
            order = own_order(context, unit, certificate_id)
            if order.moving:
                raise FailedOperation(
                    f"CertificateIds: {certificate_id} has status {order.status.in_words}."
                )
            unit.orders.replace(replace(order, muted=status == BE_SILENT))
            context.record(unit, certificate_id, f"switch {status}")
        return ModifyCertificatesExpiringNotificationSwitchReply(
            certificate_ids=request.certificate_ids
        )

    return commit
