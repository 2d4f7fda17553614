"""How a certificate is taken back: proved, asked of its CA, and its key blocked if need be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.steps import NOT_PROVED
from certdesk.domain.pki.records import BlockedKey, Certificate
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.revocation_reason import Reason
from certdesk.workflow.issuing_steps import NOT_ITS_OWN
from tests.workflow.ordering import Ordered, ordered

NAME = "shop.example.com"
OTHER = "example.com"


def issued(folder: Path, *names: str) -> Iterator[Ordered]:
    """Take an order to its certificate; its proofs are not to be found any more."""
    with ordered(folder, *names) as order:
        order.prove(*names)
        order.desk.take_on(order.certificate_id)
        assert order.status == (1, None)
        for validator in order.desk.validators.values():
            validator.verdicts.clear()
            validator.checked.clear()
        yield order


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Ordered]:
    """An order for one name, whose certificate is issued."""
    yield from issued(tmp_path, NAME)


def revoke(order: Ordered, reason: str | None = None) -> list[dict[str, str | None]]:
    """Ask to have its certificate revoked; give what is to be published."""
    parameters = {} if reason is None else {"Reason": reason}
    asked = order.desk.call(
        order.caller, "RevokeCertificate", CertificateId=order.certificate_id, **parameters
    )
    auths: list[dict[str, str | None]] = asked["RevokeDomainValidateAuths"]
    return auths


def proofs_of_revocation(order: Ordered) -> list[Proof]:
    """Read what proves the revocation under way."""
    revocation = order.desk.order(order.certificate_id).revocation
    attempt = revocation.number if revocation else 0
    its = order.certificate_id
    return order.desk.store.read(
        lambda unit: unit.proofs.where(certificate_id=its, attempt=attempt)
    )


def standing(order: Ordered) -> tuple[int, str | None]:
    """Give status and StatusMsg; of a property type checkers think that it stays as it was."""
    return order.status


def certificate(order: Ordered) -> Certificate:
    """Read the certificate."""
    (kept,) = order.certificates
    return kept


def blocked(order: Ordered) -> BlockedKey | None:
    """Read why the key of the certificate is blocked for its account, if it is."""
    digest = certificate(order).spki_sha256
    return order.desk.store.read(lambda unit: unit.blocked_keys.get(digest, order.caller.uin))


def test_a_certificate_is_revoked_when_its_name_is_proved_anew(order: Ordered) -> None:
    """By its CA, for the reason that was given; the proof of the order itself counts no more."""
    revoke(order, "superseded")
    order.desk.take_on(order.certificate_id)
    assert standing(order) == (9, "PENDING-DCV")
    assert order.desk.issuer.revoked == {}

    order.prove(NAME)
    order.desk.clock.move(timedelta(seconds=10))
    assert order.desk.take_on(order.certificate_id) is None
    assert standing(order) == (10, None)
    assert order.desk.issuer.revoked == {certificate(order).serial: Reason.SUPERSEDED}
    revocation = order.desk.order(order.certificate_id).revocation
    assert revocation is not None
    assert revocation.revoked_at == order.desk.clock.now()
    assert order.done[-3:] == ["RevokeCertificate", "ProveDomain", "Revoke"]
    assert blocked(order) is None


def test_what_is_looked_for_is_new(order: Ordered) -> None:
    """Value and attempt are not those that proved the order."""
    (before,) = order.proofs.values()
    (auth,) = revoke(order)
    (after,) = proofs_of_revocation(order)
    order.desk.take_on(order.certificate_id)

    assert auth["DomainValidateAuthValue"] == after.value != before.value
    assert (before.attempt, after.attempt, after.name) == (1, 2, NAME)
    (challenge,) = order.desk.validators["TXT"].checked  # type: ignore[index]  # the validators of a test desk are a dict
    assert challenge.value == after.value


def test_a_name_is_not_enough_where_there_are_two(tmp_path: Path) -> None:
    """All names of the certificate are proved, or it stays."""
    for order in issued(tmp_path, NAME, OTHER):
        assert len(revoke(order)) == 2
        order.prove(NAME)
        order.desk.take_on(order.certificate_id)
        assert standing(order) == (9, "PENDING-DCV")
        assert order.desk.issuer.revoked == {}

        order.prove(OTHER)
        order.desk.clock.move(timedelta(minutes=1))
        order.desk.take_on(order.certificate_id)
        assert standing(order) == (10, None)


def test_a_revocation_that_nobody_proves_is_given_up_after_three_days(order: Ordered) -> None:
    """The certificate is as good as before, and its owner may ask again."""
    revoke(order)
    order.desk.clock.move(timedelta(days=3))
    due_at = order.desk.take_on(order.certificate_id)

    ends_at = order.desk.order(order.certificate_id).ends_at
    assert ends_at is not None
    assert due_at == ends_at + timedelta(seconds=1)
    assert order.status == (1, NOT_PROVED)
    assert order.done[-1] == "CancelRevoke"
    assert order.desk.issuer.revoked == {}

    (first,) = proofs_of_revocation(order)
    revoke(order)
    (second,) = proofs_of_revocation(order)
    assert (first.attempt, second.attempt) == (2, 3)
    assert first.value != second.value


def test_a_proof_of_a_request_that_was_given_up_counts_for_nothing(order: Ordered) -> None:
    """A check that took too long finds the order elsewhere."""
    revoke(order)
    asked = order.desk.order(order.certificate_id)
    order.desk.clock.move(timedelta(days=3))
    order.desk.take_on(order.certificate_id)
    order.prove(NAME)

    checked = order.desk.validation_run.prove_now(asked, [NAME])
    assert checked is not None
    checked.result(30)

    (proof,) = proofs_of_revocation(order)
    assert proof.proved_at is None
    assert order.status == (1, NOT_PROVED)


def test_a_key_that_others_know_is_blocked_when_its_certificate_is_revoked(order: Ordered) -> None:
    """Not before: a request that nobody proves harms no key. Why it is blocked tells of nobody."""
    revoke(order, "key compromise")
    order.desk.take_on(order.certificate_id)
    assert blocked(order) is None

    order.prove(NAME)
    order.desk.clock.move(timedelta(minutes=1))
    order.desk.take_on(order.certificate_id)
    kept = blocked(order)
    assert kept is not None
    assert kept.reason == "its private key was reported as compromised"
    assert order.desk.issuer.revoked == {certificate(order).serial: Reason.KEY_COMPROMISE}


def test_a_ca_that_fails_is_asked_again(order: Ordered, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then the order says that it is being revoked."""
    order.desk.operator("RevokeOrder", CertificateId=order.certificate_id, Reason="superseded")
    with monkeypatch.context() as broken:
        broken.setattr(order.desk.issuer, "revoke", _away)
        with pytest.raises(ConnectionError):
            order.desk.take_on(order.certificate_id)
    assert order.status == (9, None)

    order.desk.take_on(order.certificate_id)
    assert standing(order) == (10, None)


def test_a_certificate_of_another_ca_stays(order: Ordered) -> None:
    """Nobody here can take it back, and the order says so."""
    order.desk.operator("RevokeOrder", CertificateId=order.certificate_id, Reason="superseded")
    order.desk.issuer._name = "another"  # noqa: SLF001 -- the desk has changed its CA
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, NOT_ITS_OWN)
    assert order.done[-1] == "CancelRevoke"


def test_a_certificate_that_ends_before_it_is_revoked_expires(order: Ordered) -> None:
    """When its revocation is given up."""
    ends_at = order.desk.order(order.certificate_id).ends_at
    assert ends_at is not None
    order.desk.clock.move(ends_at - order.desk.clock.now() - timedelta(days=1))
    revoke(order)
    order.desk.clock.move(timedelta(days=4))
    assert order.desk.take_on(order.certificate_id) is None
    assert order.desk.order(order.certificate_id).status is Status.EXPIRED


def test_what_is_looked_for_is_evidence(order: Ordered) -> None:
    """As for the order itself, with the attempt that it belongs to."""
    revoke(order)
    order.desk.take_on(order.certificate_id)
    check = order.evidence[-1]
    assert (check.attempt, check.name, check.verdict) == (2, NAME, Verdict.TXT_ABSENT)


def _away(*_: object) -> None:
    raise ConnectionError("the CA is away")
