"""A CA elsewhere that answers what it must not: nothing of that reaches an order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.domain.orders.steps import NOT_OFFERED
from certdesk.domain.pki.answers import LATEST, SILENT, SOONEST, WrongAnswer
from certdesk.domain.pki.issuance import Declined, Issued, IssueRequest, Later, Progress, Recorded
from certdesk.domain.values.record import replace
from certdesk.ports import Issuers
from certdesk.testing.clock import ManualClock
from certdesk.testing.issuer import ScriptedIssuer
from tests.inside import NOON, InsideDesk
from tests.issuing import asked
from tests.workflow.ordering import Ordered, submit
from tests.workflow.test_own_challenges import NAME, OTHER, DeskElsewhere

Lie = Callable[[Issued, IssueRequest, ScriptedIssuer], Issued]


class LyingIssuer(ScriptedIssuer):
    """One whose CA issues something else."""

    def __init__(self, lie: Lie) -> None:
        """Begin to lie when it issues."""
        super().__init__(ManualClock(NOON))
        self.lie = lie

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the next step, the last one by a lie."""
        progress = super().proceed(request, recorded)
        return self.lie(progress, request, self) if isinstance(progress, Issued) else progress


def with_lies(folder: Path, lie: Lie) -> Ordered:
    """Submit an order at such a CA, its names proved."""
    desk = InsideDesk(folder, issuers=Issuers([LyingIssuer(lie)]))
    order = submit(desk, desk.account(), NAME, OTHER)
    order.prove(NAME, OTHER)
    return order


def issued(ca: ScriptedIssuer, request: IssueRequest) -> Issued:
    """Have a CA issue, in truth, what a request asks for."""
    first = ScriptedIssuer.proceed(ca, request, None)
    assert isinstance(first, Recorded)
    last = ScriptedIssuer.proceed(ca, request, first)
    assert isinstance(last, Issued)
    return last


def for_another_key(_: Issued, request: IssueRequest, ca: ScriptedIssuer) -> Issued:
    """The CSR of somebody else."""
    other = asked(NOON, NAME, OTHER).csr
    return issued(ca, replace(request, csr=other))


def for_fewer_names(_: Issued, request: IssueRequest, ca: ScriptedIssuer) -> Issued:
    """Without one of the order's names."""
    return issued(ca, replace(request, names=request.names[:1]))


def for_more_names(_: Issued, request: IssueRequest, ca: ScriptedIssuer) -> Issued:
    """With a name that the order does not have."""
    more = asked(NOON, "other.example.net").names
    return issued(ca, replace(request, names=request.names + more))


def with_another_serial(_: Issued, request: IssueRequest, ca: ScriptedIssuer) -> Issued:
    """Right in all but the serial number that was announced."""
    return issued(ca, request)


def of_ed25519(truth: Issued, *_: object) -> Issued:
    """Of a kind of key that no order has."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    leaf = (
        x509.CertificateBuilder(name, name, key.public_key(), 5, NOON, NOON + timedelta(days=1))
        .sign(key, None)
        .public_bytes(Encoding.DER)
    )
    return replace(truth, leaf=leaf)


def by_another_ca(_: Issued, request: IssueRequest, __: ScriptedIssuer) -> Issued:
    """A thousand days ago."""
    return issued(ScriptedIssuer(ManualClock(NOON - timedelta(days=1000))), request)


def with_parts(
    chain: Callable[[Issued], tuple[bytes, ...]], leaf: bytes | None = None, root: bytes = b""
) -> Lie:
    """The right one among others that do not belong there."""
    return lambda truth, *_: Issued(
        leaf=leaf or truth.leaf, chain=chain(truth), root=root or truth.root
    )


LIES: dict[str, tuple[Lie, str]] = {
    "another key": (for_another_key, "its key is not the key of the CSR"),
    "fewer names": (for_fewer_names, "its names are not the names of the order"),
    "more names": (for_more_names, "its names are not the names of the order"),
    "another serial number": (with_another_serial, "its serial number is not the announced one"),
    "a kind of key that no order has": (of_ed25519, "cannot be used"),
    "one that has ended": (by_another_ca, "it has ended"),
    "no certificate": (with_parts(lambda truth: truth.chain, leaf=b"none"), "cannot be used"),
    "a chain of no certificates": (with_parts(lambda _: (b"none",)), "cannot be used"),
    "a chain without end": (with_parts(lambda truth: truth.chain * 10_000), "cannot be used"),
    "a chain twice": (with_parts(lambda truth: truth.chain * 2), "not in order"),
    "a chain with a gap": (with_parts(lambda _: ()), "cannot be used"),
    "a root that is none": (with_parts(lambda truth: truth.chain, root=b"none"), "cannot be used"),
    "no issuer": (
        lambda truth, *_: Issued(leaf=truth.leaf, chain=()),
        "its issuer is missing",
    ),
    "the CA's own certificate": (
        lambda truth, *_: Issued(leaf=truth.chain[0], chain=(), root=truth.root),
        "it is a CA certificate",
    ),
}


@pytest.mark.parametrize(("lie", "told"), LIES.values(), ids=list(LIES))
def test_a_certificate_that_was_not_asked_for_is_not_delivered(
    tmp_path: Path, lie: Lie, told: str
) -> None:
    """The order goes on to wait for the right one, and shows nothing of the other."""
    order = with_lies(tmp_path, lie)
    with pytest.raises(WrongAnswer, match=told):
        order.desk.take_on(order.certificate_id)
    assert order.status == (0, "WAIT-ISSUE")
    assert order.certificates == []


def test_the_certificate_of_one_order_is_not_delivered_for_another(tmp_path: Path) -> None:
    """Not even for the same names and key: to revoke one would revoke the other."""
    kept: list[Issued] = []

    def the_first(truth: Issued, *_: object) -> Issued:
        kept.append(truth)
        return kept[0]

    class Silent(LyingIssuer):
        def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
            progress = super().proceed(request, recorded)
            if isinstance(progress, Recorded):
                return replace(progress, serial=None)
            return progress

    desk = InsideDesk(tmp_path, issuers=Issuers([Silent(the_first)]))
    caller = desk.account()
    first, second = (submit(desk, caller, NAME, OTHER) for _ in range(2))
    first.prove(NAME, OTHER)
    desk.take_on(first.certificate_id)
    with pytest.raises(WrongAnswer, match="of another order"):
        desk.take_on(second.certificate_id)
    assert (first.status, second.status) == ((1, None), (0, "WAIT-ISSUE"))


@pytest.fixture
def at(tmp_path: Path) -> DeskElsewhere:
    """A desk with an order that was just submitted to a CA that makes its own challenges."""
    return DeskElsewhere(tmp_path)


def will_offer(at: DeskElsewhere, answer: Later | Declined) -> None:
    """Have the CA give this answer to each question for challenges."""
    at.issuer.offer = lambda *_: answer  # type: ignore[method-assign]  # a bad CA


@pytest.mark.parametrize("again", [datetime.min.replace(tzinfo=UTC), NOON])
def test_a_ca_that_wants_to_be_asked_at_once_is_not_asked_without_end(
    at: DeskElsewhere, again: datetime
) -> None:
    """There is a pause between two questions, whatever it says."""
    will_offer(at, Later(at=again, reason="Soon."))
    at.desk.work()
    assert at.order.task.due_at == NOON + SOONEST


def test_a_ca_that_wants_to_be_asked_in_a_thousand_years_holds_up_no_deadline(
    at: DeskElsewhere,
) -> None:
    """It is asked once a day, and the order is closed in time."""
    will_offer(at, Later(at=datetime(9999, 1, 1, tzinfo=UTC), reason="Later."))
    for _ in range(3):
        due = at.desk.take_on(at.its.certificate_id)
        assert due is None or due <= at.desk.clock.now() + LATEST
        at.desk.clock.move(LATEST)
    at.take_on()
    assert at.order.status == (2, NOT_OFFERED)


def test_what_a_ca_says_is_cut_before_it_is_kept(at: DeskElsewhere) -> None:
    """No control characters, no megabytes; where it says nothing, that is told."""
    said = "\x00\x1b[31m" + "y" * 100_000
    will_offer(at, Later(at=NOON, reason=said))
    at.desk.work()
    assert (len(at.order.task.reason), at.order.task.reason.isprintable()) == (255, True)

    at.begin()
    will_offer(at, Declined(reason=said))
    at.take_on()
    told = at.shown()["StatusMsg"]
    assert (len(told), told.isprintable()) == (255, True)


def test_a_ca_that_declines_without_a_word_is_told_of(at: DeskElsewhere) -> None:
    """StatusMsg is not null at a failed order."""
    will_offer(at, Declined(reason=""))
    at.take_on()
    assert at.order.status == (2, SILENT)


@pytest.mark.parametrize("action", ["CancelCertificateOrder", "CancelAuditCertificate"])
def test_a_cancelled_order_waits_for_no_ca(at: DeskElsewhere, action: str) -> None:
    """What held the work on it back is not told of it any more, nor is it set aside for that."""
    at.ca.away = True
    at.desk.work()
    at.call(action)
    told = at.desk.operator("ShowOrder", CertificateId=at.its.certificate_id)
    assert told["Next"] == "The order was cancelled. ModifyCertificateResubmit opens it again."
    assert told["Failure"] == ""


def test_a_ca_that_is_to_be_asked_later_is_asked_no_sooner_for_a_customer(
    at: DeskElsewhere,
) -> None:
    """CompleteCertificate does not end the pause; an operator may."""
    at.publish()
    at.issuer.proceed = lambda *_: Later(at=NOON + LATEST, reason="Busy.")  # type: ignore[method-assign]  # a busy CA
    at.desk.work()
    at.call("CompleteCertificate")
    assert at.order.task.due_at == NOON + LATEST

    at.desk.operator("ResumeOrder", CertificateId=at.its.certificate_id)
    assert at.order.task.due_at == NOON
