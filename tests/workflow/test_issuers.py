"""Several issuers at one desk: chosen by product, kept by the order, and missed when they go."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from certdesk.domain.operation.checkup import Health
from certdesk.domain.orders.records import Renewal
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.revocation_reason import Reason
from certdesk.ports import Issuers, Unit
from certdesk.testing.issuer import ScriptedIssuer
from certdesk.workflow.checkup import IssuersCheckup
from tests.inside import InsideDesk
from tests.workflow.ordering import Ordered, submit

NAME, OTHER = "shop.example.com", "www.example.com"
DV, WILD = 104, 12
"""Two products: that of one name, and that of a wildcard, which `submit` orders for them."""

HERE, THERE = "here", "there"
GONE = "This desk does not have the issuer there of the certificate (setting issuer.names)."


class Two:
    """A desk with two issuers: `there` issues wildcards, and `here` all else."""

    def __init__(self, folder: Path) -> None:
        """Open it, with an account."""
        self.folder = folder
        self.desk = InsideDesk(folder)
        clock = self.desk.clock
        self.here = ScriptedIssuer(
            clock, HERE, CaaIdentity(frozenset({"here.example"}), frozenset())
        )
        self.there = ScriptedIssuer(
            clock, THERE, CaaIdentity(frozenset({"there.example"}), frozenset())
        )
        self.caller = self.desk.account()
        self.begin(self.here, self.there, products={WILD: THERE})

    def begin(self, *issuers: ScriptedIssuer, products: dict[int, str] | None = None) -> None:
        """Begin anew on what is kept, as a process does whose settings name these issuers."""
        self.desk = InsideDesk(
            self.folder,
            store=self.desk.store,
            issuers=Issuers(issuers, products),
            clock=self.desk.clock,
        )
        for validator in self.desk.validators.values():
            validator.verdicts.update({NAME: Verdict.PROVED, "example.com": Verdict.PROVED})

    def submit(self, name: str) -> str:
        """Submit an order for a name."""
        return submit(self.desk, self.caller, name).certificate_id

    def take_on(self, certificate_id: str) -> Ordered:
        """Take an order as far as it goes now."""
        self.desk.take_on(certificate_id)
        return self.order(certificate_id)

    def order(self, certificate_id: str) -> Ordered:
        """Look at an order."""
        return Ordered(self.desk, self.caller, certificate_id)

    def certificate(self, certificate_id: str) -> Certificate:
        """Return what was issued for it."""
        return self.order(certificate_id).certificates[-1]

    def told(self, certificate_id: str) -> str:
        """What the operator is told of an order."""
        return str(self.desk.operator("ShowOrder", CertificateId=certificate_id)["Next"])


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """A desk with two issuers."""
    return Two(tmp_path)


def test_a_product_goes_to_its_issuer_and_every_record_says_which(two: Two) -> None:
    """The order, its proofs, what was begun and the certificate; the other one is asked nothing."""
    for name, issuer, other in (
        ("*.example.com", two.there, two.here),
        (NAME, two.here, two.there),
    ):
        asked = len(other.asked)
        order = two.take_on(two.submit(name))

        said = [two.desk.order(order.certificate_id).issuer]
        said += [each.issuer for each in order.proofs.values()]
        said += [each.issuer for each in order.issuances]
        said += [each.issuer for each in order.certificates]
        assert said == [issuer.name] * 4
        assert len(other.asked) == asked


def test_caa_records_are_asked_for_the_issuer_that_is_to_issue(two: Two) -> None:
    """Each has domain names of its own there."""
    two.take_on(two.submit("*.example.com"))
    two.take_on(two.submit(NAME))

    assert [each.domains for each in two.desk.caa.identities] == [
        {"there.example"},
        {"here.example"},
    ]


def test_an_order_keeps_its_issuer_when_its_product_gets_another(two: Two) -> None:
    """Until it is submitted again; so nothing goes to another CA than it was submitted to."""
    before = two.submit("*.example.com")
    two.begin(two.here, two.there)
    after = two.submit("*.example.com")

    for certificate_id, issuer in ((before, THERE), (after, HERE)):
        two.take_on(certificate_id)
        assert two.certificate(certificate_id).issuer == issuer


def test_an_order_opened_again_goes_to_the_issuer_of_now(two: Two) -> None:
    """It is a new attempt, with proofs of its own."""
    certificate_id = two.submit("*.example.com")
    two.begin(two.here, two.there)
    two.desk.call(two.caller, "CancelCertificateOrder", CertificateId=certificate_id)
    two.desk.call(two.caller, "ModifyCertificateResubmit", CertificateId=certificate_id)
    two.desk.call(two.caller, "CertificateOrderSubmit", CertId=certificate_id)

    order = two.take_on(certificate_id)
    assert {each.issuer for each in order.proofs.values()} == {HERE}
    assert two.certificate(certificate_id).issuer == HERE


def test_an_order_whose_issuer_is_gone_waits_and_says_why(two: Two) -> None:
    """It goes to no other one, and on when the settings name its issuer again."""
    certificate_id = two.submit("*.example.com")
    two.begin(two.here)
    order = two.take_on(certificate_id)
    assert order.status == (0, "PENDING-DCV")
    assert two.here.asked == two.there.asked == []
    two.desk.work()
    assert order.task.reason == GONE
    assert (
        two.told(certificate_id) == f"Work on the order is waiting and continues by itself: {GONE}"
    )
    (found,) = IssuersCheckup(two.desk.store, two.desk.issuers).examine()
    assert (found.state, found.remedy) == (Health.FAIL, "put there back into issuer.names")
    assert found.what.startswith(
        "this desk does not have the issuer there; 1 orders wait for it, and only it can revoke 0"
    )

    two.begin(two.here, two.there)
    assert list(IssuersCheckup(two.desk.store, two.desk.issuers).examine()) == []
    two.desk.clock.move(timedelta(minutes=10))
    two.desk.work()
    assert two.certificate(certificate_id).issuer == THERE
    assert order.task.reason == ""


def test_a_certificate_is_taken_back_by_who_signed_it(two: Two) -> None:
    """Whatever issues its product by now; where that one is gone, the order waits for it."""
    certificate_id = two.take_on(two.submit("*.example.com")).certificate_id
    serial = two.certificate(certificate_id).serial
    two.begin(two.here)
    (found,) = IssuersCheckup(two.desk.store, two.desk.issuers).examine()
    assert found.state is Health.WARN

    two.desk.operator("RevokeOrder", CertificateId=certificate_id, Reason="superseded")
    two.desk.work()
    assert two.order(certificate_id).status == (9, None)
    assert two.order(certificate_id).task.reason == GONE

    two.begin(two.here, two.there)
    two.take_on(certificate_id)
    assert two.order(certificate_id).status == (10, None)
    assert (two.there.revoked, two.here.revoked) == ({serial: Reason.SUPERSEDED}, {})


def test_a_certificate_whose_issuer_is_gone_is_condemned_all_the_same(two: Two) -> None:
    """Others know its key; that nobody can revoke it is no reason to say nothing of it."""
    certificate_id = two.take_on(two.submit("*.example.com")).certificate_id
    two.begin(two.here)
    spki = two.certificate(certificate_id).spki_sha256.hex()
    two.desk.operator("BlockKeys", Digests=[spki], Reason="found on the web", Revoke=True)
    two.take_on(certificate_id)
    assert two.order(certificate_id).status[0] == 9


def renewals_of(certificate_id: str, unit: Unit) -> list[Renewal]:
    """Read when the successor of a certificate is due."""
    return unit.renewals.where(certificate_id=certificate_id)


def test_the_proofs_of_one_issuer_are_no_proofs_for_another(two: Two) -> None:
    """A successor at another CA has records of its own to publish; at the same one it has not."""
    originals = {name: two.take_on(two.submit(name)) for name in ("*.example.com", NAME)}
    two.begin(two.here, products={WILD: HERE})
    same = {}
    for name, order in originals.items():
        (renewal,) = two.desk.store.read(partial(renewals_of, order.certificate_id))
        two.desk.clock.move(max(renewal.due_at - two.desk.clock.now(), timedelta()))
        two.desk.renewing.round()
        its = two.desk.order(order.certificate_id).replaced_by
        assert its is not None
        after = two.order(its)
        same[name] = {each.value for each in after.proofs.values()} == {
            each.value for each in order.proofs.values()
        }
    assert same == {"*.example.com": False, NAME: True}
