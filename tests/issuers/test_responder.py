"""Whether a certificate is good, asked as OCSP clients ask."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st
from pkilint.cabf.serverauth.serverauth_constants import CertificateType

from certdesk.domain.pki import der
from certdesk.domain.pki.ocsp import LASTS
from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import Reason
from certdesk.testing.clock import ManualClock
from tests import chains
from tests.issuers.taking_back import Hash, in_hand, request_for, request_of, several
from tests.linting import certificate_errors
from tests.privateca import InsideCa
from tests.programs import run

ALGORITHMS = (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303 -- as clients do
ISSUING = "ecc-issuing"


def ask(
    ca: InsideCa,
    certificate: Certificate,
    *,
    authority: str = ISSUING,
    algorithm: Hash | None = None,
    nonce: bytes = b"",
) -> ocsp.OCSPResponse:
    """Ask for a certificate's status."""
    leaf = x509.load_der_x509_certificate(certificate.leaf)
    request = request_for(leaf, ca.parts.hierarchy.certificate(authority), algorithm, nonce)
    return ocsp.load_der_ocsp_response(ca.pki.ocsp(request).der)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_a_certificate_in_hand_is_good(ca: InsideCa, algorithm: Hash) -> None:
    """However the issuer is named; for twelve hours from now."""
    certificate = in_hand(ca)

    answer = ask(ca, certificate, algorithm=algorithm)

    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert f"{answer.serial_number:x}" == certificate.serial
    assert answer.this_update_utc == ca.clock.now()
    assert answer.next_update_utc == ca.clock.now() + LASTS


@pytest.mark.parametrize("reason", Reason)
def test_a_revoked_certificate_is_told_with_time_and_reason(ca: InsideCa, reason: Reason) -> None:
    """The same as the CRL tells; no reason where none was given."""
    certificate = in_hand(ca)
    ca.issuer.revoke(certificate, reason)

    answer = ask(ca, certificate)
    listed = x509.load_der_x509_crl(ca.pki.crl(ISSUING) or b"")
    entry = listed.get_revoked_certificate_by_serial_number(int(certificate.serial, 16))

    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_reason == reason.flag
    assert answer.revocation_time_utc == ca.clock.now()
    assert entry is not None
    assert entry.revocation_date_utc == answer.revocation_time_utc
    assert [each.value for each in entry.extensions] == (
        [x509.CRLReason(reason.flag)] if reason.flag else []
    )


def test_what_was_never_issued_is_unknown(ca: InsideCa) -> None:
    """A serial number of nobody, and one of another authority, which knows it."""
    other = in_hand(ca, key=rsa.generate_private_key(65537, 2048))
    in_hand(ca, "other123")

    for serial in (1, 1 << 158, int(other.serial, 16)):
        request = request_of(serial, ca.parts.hierarchy.certificate(ISSUING))
        answer = ocsp.load_der_ocsp_response(ca.pki.ocsp(request).der)
        assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    assert ask(ca, other, authority="rsa-issuing").certificate_status is ocsp.OCSPCertStatus.GOOD


def test_what_was_begun_and_not_issued_is_unknown(ca: InsideCa) -> None:
    """A serial number that was only drawn."""
    certificate = in_hand(ca)
    ca.store.write(lambda unit: unit.certificates.remove(certificate.certificate_id, 1))

    assert ask(ca, certificate).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_a_revoked_certificate_stays_revoked_when_its_order_is_deleted(ca: InsideCa) -> None:
    """Nothing of the order is needed to tell."""
    certificate = in_hand(ca)
    ca.issuer.revoke(certificate, Reason.SUPERSEDED)
    ca.store.write(lambda unit: unit.certificates.remove(certificate.certificate_id, 1))

    assert ask(ca, certificate).certificate_status is ocsp.OCSPCertStatus.REVOKED


def test_an_uploaded_certificate_vouches_for_nothing(ca: InsideCa) -> None:
    """Whatever serial number somebody's own certificate has."""
    certificate = in_hand(ca)
    ca.store.write(lambda unit: unit.certificates.remove("aB3dE5fG", 1))
    own = replace(certificate, certificate_id="uploaded", attempt=0, issuer="upload")
    ca.store.write(lambda unit: unit.certificates.add(own))

    assert ask(ca, certificate).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_another_ca_s_certificate_is_not_answered_for(ca: InsideCa) -> None:
    """Nor an authority's own, whose status its root's CRL tells."""
    certificate = in_hand(ca)
    issuing = ca.parts.hierarchy.certificate(ISSUING)
    root = ca.parts.hierarchy.certificate("ecc-root")
    strangers = [
        request_for(x509.load_der_x509_certificate(certificate.leaf), chains.root().certificate),
        request_for(issuing, root),
    ]

    for request in strangers:
        answer = ocsp.load_der_ocsp_response(ca.pki.ocsp(request).der)
        assert answer.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_no_authority_is_made_for_whoever_asks(ca: InsideCa) -> None:
    """A stranger's request changes nothing."""
    request = request_for(chains.root().certificate, chains.root().certificate)

    assert ca.pki.ocsp(request).lasting is False
    assert ca.pki.authorities() == []


def test_a_nonce_comes_back_and_makes_the_answer_the_asker_s_own(ca: InsideCa) -> None:
    """Such an answer is not for caches; one too long is no request."""
    certificate = in_hand(ca)
    leaf = x509.load_der_x509_certificate(certificate.leaf)
    issuer = ca.parts.hierarchy.certificate(ISSUING)

    with_nonce = ca.pki.ocsp(request_for(leaf, issuer, nonce=b"n" * 32))
    without = ca.pki.ocsp(request_for(leaf, issuer))
    too_long = ca.pki.ocsp(request_for(leaf, issuer, nonce=b"n" * 129))

    nonces = ocsp.load_der_ocsp_response(with_nonce.der).extensions
    assert nonces.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32
    assert (with_nonce.lasting, without.lasting) == (False, True)
    refused = ocsp.load_der_ocsp_response(too_long.der)
    assert refused.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_several_certificates_are_answered_for_at_once(ca: InsideCa) -> None:
    """Good, revoked and unknown, in the order of the question, under one signature."""
    good, revoked = in_hand(ca), in_hand(ca, "other123")
    ca.issuer.revoke(revoked, Reason.KEY_COMPROMISE)
    issuer = ca.parts.hierarchy.certificate(ISSUING)
    serials = [int(good.serial, 16), 1 << 100, int(revoked.serial, 16), int(good.serial, 16)]

    answer = ca.pki.ocsp(several(*(request_of(serial, issuer) for serial in serials)))
    told = ocsp.load_der_ocsp_response(answer.der)

    status = ocsp.OCSPCertStatus
    assert [(one.serial_number, one.certificate_status) for one in told.responses] == list(
        zip(serials, [status.GOOD, status.UNKNOWN, status.REVOKED, status.GOOD], strict=True)
    )
    assert [one.revocation_reason for one in told.responses][2] == Reason.KEY_COMPROMISE.flag
    assert {one.next_update_utc for one in told.responses} == {ca.clock.now() + LASTS}
    assert answer.lasting is False
    (responder,) = told.certificates
    key = responder.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(told.signature, told.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_certificates_of_several_issuers_are_answered_for_by_the_first_that_is_known(
    whole: InsideCa,
) -> None:
    """One signature speaks for one issuer; what others have issued is unknown to it."""
    certificate = in_hand(whole, "several1")
    serial = int(certificate.serial, 16)
    certificates = whole.parts.hierarchy.certificate
    foreign = request_of(serial, chains.root().certificate)
    own, other = (request_of(serial, certificates(name)) for name in (ISSUING, "rsa-issuing"))

    def statuses(*requests: bytes) -> list[str]:
        told = ocsp.load_der_ocsp_response(whole.pki.ocsp(several(*requests)).der)
        return [one.certificate_status.name for one in told.responses]

    assert statuses(foreign, own, other) == ["UNKNOWN", "GOOD", "UNKNOWN"]
    assert statuses(other, own) == ["UNKNOWN", "UNKNOWN"]
    alone = ocsp.load_der_ocsp_response(whole.pki.ocsp(several(foreign, foreign)).der)
    assert alone.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


CRITICAL = der.encode(0x30, der.encode(0x06, der.identifier("1.2.3")) + b"\1\1\xff\4\0")
NONCE = der.encode(0x30, der.encode(0x06, der.identifier("1.3.6.1.5.5.7.48.1.2")) + b"\4\3\4\1n")


@pytest.mark.parametrize(
    "extensions",
    [CRITICAL, NONCE + NONCE, b"\x30\0", NONCE.replace(b"\4\3\4\1n", b"\4\3\2\1n")],
    ids=["critical and unknown", "two nonces", "no identifier", "a nonce that is a number"],
)
def test_extensions_that_cannot_be_followed_are_refused(whole: InsideCa, extensions: bytes) -> None:
    """Whoever marked one as critical wants no answer without it (RFC 6960 4.4)."""
    request = request_of(7, whole.parts.hierarchy.certificate(ISSUING))
    listed = der.encode(0xA2, der.encode(0x30, extensions))
    told = ocsp.load_der_ocsp_response(whole.pki.ocsp(several(request, extensions=listed)).der)
    assert told.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_request_for_no_certificate_is_refused(whole: InsideCa) -> None:
    """There is nothing to answer."""
    told = ocsp.load_der_ocsp_response(whole.pki.ocsp(several()).der)
    assert told.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_responder_is_certified_by_the_authority_and_breaks_no_rule(whole: InsideCa) -> None:
    """For signing answers alone, and for two weeks; the authority's key itself signs none."""
    names = {ISSUING: ec.SECP256R1(), "ecc-issuing-384": ec.SECP384R1()}
    for name in (*names, "rsa-issuing"):
        issuer = whole.parts.hierarchy.certificate(name)
        answer = ocsp.load_der_ocsp_response(whole.pki.ocsp(request_of(1, issuer)).der)
        (responder,) = answer.certificates

        responder.verify_directly_issued_by(issuer)
        assert (
            certificate_errors(responder.public_bytes(Encoding.DER), CertificateType.OCSP_RESPONDER)
            == []
        )
        lasts = responder.not_valid_after_utc - responder.not_valid_before_utc
        assert lasts <= timedelta(days=14)
        key = responder.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_a_responder_is_certified_anew_in_good_time(ca: InsideCa) -> None:
    """The same one answers for a week; each is told in the audit log."""
    certificate = in_hand(ca)
    first = ask(ca, certificate).certificates
    ca.clock.move(timedelta(days=6))
    second = ask(ca, certificate).certificates
    ca.clock.move(timedelta(days=1))
    third = ask(ca, certificate).certificates

    made = ca.store.read(lambda unit: unit.audit.where(subject=ISSUING, action="MakeResponder"))
    assert first == second != third
    assert third[0].not_valid_after_utc > ca.clock.now() + LASTS
    assert [entry.detail for entry in made] == [
        f"serial {each[0].serial_number:x}" for each in (first, third)
    ]


def test_many_ask_at_once(ca: InsideCa) -> None:
    """One responder is certified for all of them."""
    certificate = in_hand(ca)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ask(ca, certificate), range(40)))

    assert {each.certificate_status for each in answers} == {ocsp.OCSPCertStatus.GOOD}
    assert len({each.certificates[0].serial_number for each in answers}) == 1


@given(data=st.binary(max_size=200))
def test_any_bytes_are_answered(whole: InsideCa, data: bytes) -> None:
    """What is no request gets the protocol's own refusal."""
    answer = ocsp.load_der_ocsp_response(whole.pki.ocsp(data).der)

    assert answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL


@given(at=st.integers(0, 200), byte=st.integers(0, 255), cut=st.integers(1, 400))
def test_any_change_to_a_request_is_answered(whole: InsideCa, at: int, byte: int, cut: int) -> None:
    """One byte different, or cut short: never an error of the desk's own."""
    issuer = whole.parts.hierarchy.certificate(ISSUING)
    request = bytearray(request_of(1, issuer, nonce=b"n" * 16))
    request[at % len(request)] = byte

    answer = ocsp.load_der_ocsp_response(whole.pki.ocsp(bytes(request[:cut])).der)

    if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", ["RSA", "ECC"])
def test_openssl_believes_the_answers(tmp_path: Path, kind: str) -> None:
    """Good and revoked, down the chain to the root alone, both in its one request."""
    ca = InsideCa(tmp_path, clock=ManualClock(datetime.fromtimestamp(int(time.time()), UTC)))
    rsa_key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else None
    good, revoked = (in_hand(ca, each, key=rsa_key) for each in ("good1234", "bad12345"))
    line = kind.lower()
    parts = {
        "good": x509.load_der_x509_certificate(good.leaf),
        "revoked": x509.load_der_x509_certificate(revoked.leaf),
        "issuing": ca.parts.hierarchy.certificate(f"{line}-issuing"),
        "root": ca.parts.hierarchy.certificate(f"{line}-root"),
    }
    for name, part in parts.items():
        (tmp_path / name).write_bytes(part.public_bytes(Encoding.PEM))
    ca.issuer.revoke(revoked, Reason.SUPERSEDED)
    request, answer = tmp_path / "request.der", tmp_path / "answer.der"
    words: list[str | Path] = ["ocsp", "-no_nonce", "-CAfile", tmp_path / "root"]
    words += ["-issuer", tmp_path / "issuing", "-cert", tmp_path / "good"]
    words += ["-cert", tmp_path / "revoked"]
    run("openssl", *words, "-reqout", request)
    answer.write_bytes(ca.pki.ocsp(request.read_bytes()).der)

    others: list[str | Path] = ["-respin", answer, "-verify_other", tmp_path / "issuing"]
    told = run("openssl", *words, *others)

    assert "Response verify OK" in told
    assert f"{tmp_path / 'good'}: good" in told
    assert f"{tmp_path / 'revoked'}: revoked" in told
    assert "Reason: superseded" in told
