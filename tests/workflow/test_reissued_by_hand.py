"""A certificate that was renewed already may still be reissued by hand; it is renewed once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.left_alone import KINDS, left_alone

DAY = timedelta(days=1)
COMPLETED = 10
"""HostingStatus: the desk has made the successor."""


@pytest.mark.parametrize("answers", [True, False], ids=["renewed", "being renewed"])
def test_what_renews_a_certificate_renews_its_reissue_too(tmp_path: Path, *, answers: bool) -> None:
    """A year is bought once more, and not twice, whether that is issued already or not.

    The desk's work is done for both, and both say when.
    """
    with left_alone(tmp_path / "desk", ca_validity_days=365) as desk:
        desk.order(KINDS["by TXT, renewed"], "shop.example.com")
        desk.pass_time(DAY)
        (original,) = desk.rows()
        if not answers:
            desk.world.down()
        desk.pass_time(300 * DAY)
        (renewal,) = desk.rows().keys() - {original}
        assert (desk.rows()[renewal]["Status"] == 1) is answers
        reply = desk.ask("ReplaceCertificate", CertificateId=original, ValidType="DNS")
        reissue = str(reply["CertificateId"])
        desk.world.publish(desk.ask("DescribeCertificateDetail", CertificateId=reissue))
        if not answers:
            desk.world.up()
        for _ in range(60):
            desk.pass_time(DAY)
        rows = desk.rows()
    assert rows.keys() == {original, renewal, reissue}
    assert {row["Status"] for row in rows.values()} == {1}
    extras = {its: row["CertificateExtra"] for its, row in rows.items()}
    assert extras[original]["RenewOrder"] == extras[reissue]["RenewOrder"] == renewal
    assert extras[renewal]["OriginCertificateId"] == original
    hosting = {its: row["HostingStatus"] for its, row in rows.items()}
    assert (hosting[original], hosting[reissue]) == (COMPLETED, COMPLETED)
    times = {rows[its]["HostingCompleteTime"] for its in (original, reissue)}
    assert len(times - {""}) == len(times) == 1
