"""Whatever clients do to their orders, in whatever order: Hypothesis looks for a contradiction."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from certdesk.domain.errors import (
    CertificateInfoSubmitDomainInvalid,
    CertificateInfoSubmitStatusInvalid,
    CertificateNotFound,
    InvalidCertificateStatusCode,
    InvalidParam,
)
from certdesk.engine import Caller
from tests.actions.submitting import PERSONAL
from tests.inside import InsideDesk

UPLOADED = (Path(__file__).parents[1] / "data" / "uploaded_csr.pem").read_text()
callers = st.sampled_from(["alice", "boris"])


@dataclasses.dataclass
class Expected:
    """What is to be seen of an order: its owner, status, name, submissions and audit rows.

    A private key that is read leaves a row of its own.
    """

    owner: str
    status: int = 5
    name: str | None = None
    submissions: int = 0
    rows: int = 1
    keys_read: int = 0


class Orders(RuleBasedStateMachine):
    """Two accounts on one desk, and what each of their orders should look like."""

    orders: Bundle[str] = Bundle("orders")

    def __init__(self) -> None:
        """Open the desk."""
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._desk = InsideDesk(Path(self._folder.name))
        self._desk.stock.start()
        self._accounts: dict[str, Caller] = {}
        self._expected: dict[str, Expected] = {}

    def teardown(self) -> None:
        """Close the desk."""
        self._desk.stock.stop()
        self._folder.cleanup()

    @initialize()
    def open_accounts(self) -> None:
        """Two of them."""
        self._accounts = {name: self._desk.account() for name in ("alice", "boris")}

    @rule(target=orders, who=callers)
    def buy(self, who: str) -> str:
        """Buy an order for one name."""
        order = self._desk.buy(self._accounts[who])
        assert order not in self._expected
        self._expected[order] = Expected(who)
        return order

    @rule(order=orders, who=callers, name=st.sampled_from(["example.com", "www.example.org"]))
    def submit(self, order: str, who: str, name: str) -> None:
        """Hand in good material for an order, one's own or another's."""
        expected = self._expected[order]
        given = PERSONAL | {"CertId": order, "CertCommonName": name}
        if self._refused(order, who, CertificateInfoSubmitStatusInvalid, given):
            return
        self._desk.call(self._accounts[who], "CertificateInfoSubmit", **given)
        self._handed_in(expected, name)

    @rule(order=orders, who=callers)
    def submit_csr(self, order: str, who: str) -> None:
        """Hand in good material with a CSR."""
        expected = self._expected[order]
        own = {"GenCsrType": "parse", "Csr": UPLOADED, "CertCommonName": "tencent.com"}
        given = PERSONAL | own | {"CertId": order}
        if self._refused(order, who, CertificateInfoSubmitStatusInvalid, given):
            return
        self._desk.call(self._accounts[who], "CertificateInfoSubmit", **given)
        self._handed_in(expected, "tencent.com")

    @rule(
        order=orders,
        who=callers,
        fault=st.sampled_from(
            [
                ({"CertCommonName": "192.0.2.1"}, CertificateInfoSubmitDomainInvalid),
                ({"GenCsrType": "parse", "Csr": UPLOADED}, InvalidParam),
                ({"CompanyType": 2}, InvalidParam),
            ]
        ),
    )
    def submit_rubbish(
        self, order: str, who: str, fault: tuple[dict[str, object], type[Exception]]
    ) -> None:
        """Hand in material that will not do: it changes nothing."""
        changes, error = fault
        given = PERSONAL | {"CertId": order} | changes
        if self._refused(order, who, CertificateInfoSubmitStatusInvalid, given):
            return
        with pytest.raises(error):
            self._desk.call(self._accounts[who], "CertificateInfoSubmit", **given)

    @rule(order=orders, who=callers)
    def cancel(self, order: str, who: str) -> None:
        """Give an order up, one's own or another's."""
        given: dict[str, object] = {"CertificateId": order}
        if self._refused(
            order, who, InvalidCertificateStatusCode, given, action="CancelCertificateOrder"
        ):
            return
        self._desk.call(self._accounts[who], "CancelCertificateOrder", **given)
        self._expected[order].status = 7
        self._expected[order].rows += 1

    @rule(order=orders, who=callers)
    def look(self, order: str, who: str) -> None:
        """Read an order back."""
        expected = self._expected[order]
        if who != expected.owner:
            with pytest.raises(CertificateNotFound):
                self._desk.call(
                    self._accounts[who], "DescribeCertificateDetail", CertificateId=order
                )
            return
        detail = self._desk.call(
            self._accounts[who], "DescribeCertificateDetail", CertificateId=order
        )
        assert (detail["Status"], detail["Domain"]) == (expected.status, expected.name or "")
        waits = expected.status == 5 and expected.name is not None
        assert (detail["SubmittedData"] is not None) == waits
        expected.keys_read += detail["CertificatePrivateKey"] is not None

    @invariant()
    def every_order_is_as_expected(self) -> None:
        """Its status, its submissions, and an audit row for each change and each key read."""
        for certificate_id, expected in self._expected.items():
            order = self._desk.order(certificate_id)
            assert order.uin == self._accounts[expected.owner].uin
            assert (order.status, order.submission) == (expected.status, expected.submissions)
            assert order.version == expected.rows
            assert len(self._desk.submissions(certificate_id)) == expected.submissions
            assert len(self._desk.audit(certificate_id)) == expected.rows + expected.keys_read

    def _handed_in(self, expected: Expected, name: str) -> None:
        expected.name = name
        expected.submissions += 1
        expected.rows += 1

    def _refused(
        self,
        order: str,
        who: str,
        wrong_status: type[Exception],
        given: dict[str, object],
        *,
        action: str = "CertificateInfoSubmit",
    ) -> bool:
        """Tell whether owner or status forbid an action, after checking that it is refused."""
        expected = self._expected[order]
        error: type[Exception] | None = None
        if who != expected.owner:
            error = CertificateNotFound
        elif expected.status != 5:
            error = wrong_status
        if error is None:
            return False
        with pytest.raises(error):
            self._desk.call(self._accounts[who], action, **given)
        return True


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=25, stateful_step_count=20)
