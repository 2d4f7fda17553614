"""An issuing authority hands over before its end, and what it signed stays good to the end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certdesk.domain.pki.authority import Rank, overlap_of, plan_of
from certdesk.domain.pki.issuance import Recorded
from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.revocation_reason import Reason
from tests import chains
from tests.issuers.taking_back import in_hand, request_for
from tests.issuing import asked, issue
from tests.privateca import InsideCa
from tests.programs import ended, run

DAY = timedelta(days=1)
FIRST, SECOND = "ecc-issuing", "ecc-issuing-g2"


def end_of(ca: InsideCa, name: str = FIRST) -> timedelta:
    """Tell how long it is until an authority's end."""
    return ca.parts.hierarchy.certificate(name).not_valid_after_utc - ca.clock.now()


def issuing(ca: InsideCa) -> list[str]:
    """Name the issuing authorities that the world is shown."""
    names = (each.name for each in ca.pki.authorities())
    return [name for name in names if plan_of(name).rank is Rank.ISSUING]


def certified_by(ca: InsideCa, certificate: Certificate) -> str:
    """Name who signed a certificate."""
    leaf = x509.load_der_x509_certificate(certificate.leaf)
    return ca.parts.hierarchy.signer_of(leaf)


def test_a_year_before_its_end_the_next_one_signs(ca: InsideCa) -> None:
    """Not a day earlier; both are shown from then on, with URLs of their own."""
    before = in_hand(ca, "before00")
    ca.clock.move(end_of(ca) - 365 * DAY)
    assert certified_by(ca, in_hand(ca, "the-last")) == FIRST
    ca.clock.move(DAY)
    after = in_hand(ca, "after000")

    assert (certified_by(ca, before), certified_by(ca, after)) == (FIRST, SECOND)
    assert issuing(ca) == [FIRST, SECOND]
    urls = {each.name: (each.certificate_url, each.crl_url) for each in ca.pki.authorities()}
    assert urls[SECOND] == (
        "http://ca.example.com/pki/ecc-issuing-g2.crt",
        "http://ca.example.com/pki/ecc-issuing-g2.crl",
    )
    leaf = x509.load_der_x509_certificate(after.leaf)
    point = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
    assert point.full_name is not None
    assert [name.value for name in point.full_name] == [urls[SECOND][1]]
    assert len({each.subject for each in _authorities(ca)}) == len(_authorities(ca))


def _authorities(ca: InsideCa) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(each.certificate) for each in ca.pki.authorities()]


def test_the_background_work_makes_the_next_one_ahead(ca: InsideCa) -> None:
    """Of the lines that there are, once; in another process it is the same one."""
    in_hand(ca)
    ca.clock.move(end_of(ca) - 364 * DAY)
    ca.pki.hand_over()
    ca.started().pki.hand_over()
    assert issuing(ca) == [FIRST, SECOND]
    assert certified_by(ca, in_hand(ca, "after000")) == SECOND


def test_what_was_begun_before_is_signed_by_the_one_it_was_written_for(ca: InsideCa) -> None:
    """The bytes name that one."""
    in_hand(ca)
    ca.clock.move(end_of(ca) - 365 * DAY)
    request = asked(ca.clock.now(), key=ec.generate_private_key(ec.SECP256R1()))
    recorded = ca.issuer.proceed(request, None)
    ca.clock.move(timedelta(hours=1))
    ca.pki.hand_over()
    assert issuing(ca) == [FIRST, SECOND]

    assert isinstance(recorded, Recorded)  # the first step
    course = issue(ca.issuer, request, recorded)
    assert course.path[1] == ca.parts.hierarchy.certificate(FIRST)


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("line", ["ecc", "rsa"])
def test_openssl_takes_certificates_of_both_with_the_list_of_each(
    ca: InsideCa, tmp_path: Path, line: str
) -> None:
    """Under one root; the earlier authority goes on to tell what is revoked, by CRL and OCSP."""
    key = _key(line)
    in_hand(ca, "long-ago", key=key)
    ca.clock.move(end_of(ca, f"{line}-issuing") - 365 * DAY)
    before = [in_hand(ca, f"before-{number}", key=key) for number in range(2)]
    ca.clock.move(DAY)
    after = [in_hand(ca, f"after-{number}", key=key) for number in range(2)]
    for certificate in (before[1], after[1]):
        ca.issuer.revoke(certificate, Reason.SUPERSEDED)

    for (good, gone), name in ((before, f"{line}-issuing"), (after, f"{line}-issuing-g2")):
        assert {certified_by(ca, good), certified_by(ca, gone)} == {name}
        words = verifying(ca, tmp_path, line, name)
        assert run("openssl", *words, leaf(tmp_path, good)).endswith(": OK\n")
        refused = ended("openssl", *words, leaf(tmp_path, gone))
        assert "certificate revoked" in refused.stderr
        assert told(ca, good, name) is ocsp.OCSPCertStatus.GOOD
        assert told(ca, gone, name) is ocsp.OCSPCertStatus.REVOKED


def verifying(ca: InsideCa, folder: Path, line: str, name: str) -> list[str]:
    """Write what a client fetches, and give the words that verify with it, at the CA's time."""
    root, issuer, crl = folder / "root", folder / "issuer", folder / "crl"
    for path, authority in ((root, f"{line}-root"), (issuer, name)):
        path.write_text(chains.pem(ca.parts.hierarchy.certificate(authority)))
    listed = x509.load_der_x509_crl(ca.pki.crl(name) or b"")
    crl.write_bytes(listed.public_bytes(Encoding.PEM))
    at = str(int(ca.clock.now().timestamp()))
    trust = ["-CAfile", str(root), "-untrusted", str(issuer), "-CRLfile", str(crl)]
    return ["verify", "-x509_strict", "-crl_check", "-attime", at, *trust]


def leaf(folder: Path, certificate: Certificate) -> str:
    """Write a certificate to a file of its own."""
    path = folder / certificate.certificate_id
    path.write_text(chains.pem(x509.load_der_x509_certificate(certificate.leaf)))
    return str(path)


def told(ca: InsideCa, certificate: Certificate, name: str) -> ocsp.OCSPCertStatus:
    """Ask for a certificate's status."""
    itself = x509.load_der_x509_certificate(certificate.leaf)
    request = request_for(itself, ca.parts.hierarchy.certificate(name))
    return ocsp.load_der_ocsp_response(ca.pki.ocsp(request).der).certificate_status


def test_an_authority_that_has_ended_gets_no_more_lists(ca: InsideCa) -> None:
    """Everything that it signed has ended too; the next one's are as fresh as ever."""
    in_hand(ca)
    ca.clock.move(end_of(ca) - 300 * DAY)
    in_hand(ca, "after000")
    ca.pki.renew_lists()
    last = ca.store.read(lambda unit: unit.revocation_lists.get(FIRST))
    ca.clock.move(301 * DAY)
    ca.pki.renew_lists()

    lists = ca.store.read(
        lambda unit: {each.authority: each for each in unit.revocation_lists.where()}
    )
    assert lists[FIRST] == last
    assert lists[SECOND].made_at == ca.clock.now()


def test_one_from_a_time_when_the_clock_was_ahead_waits_for_it(ca: InsideCa) -> None:
    """Until then the present one signs; the next one after that is a new one again."""
    in_hand(ca)
    ahead = end_of(ca) - 364 * DAY
    ca.clock.move(ahead)
    ca.pki.hand_over()
    ca.clock.move(-ahead)
    assert certified_by(ca, in_hand(ca, "as-before")) == FIRST
    ca.clock.move(ahead)
    assert certified_by(ca, in_hand(ca, "after000")) == SECOND


def test_no_authority_is_made_that_would_end_with_the_present_one(ca: InsideCa) -> None:
    """Close to its end the root has no room for another."""
    in_hand(ca)
    for _ in range(4):
        ca.clock.move(end_of(ca, issuing(ca)[-1]) - 300 * DAY)
        ca.pki.hand_over()
        ca.pki.hand_over()
    ends = [ca.parts.hierarchy.certificate(name).not_valid_after_utc for name in issuing(ca)]
    root = ca.parts.hierarchy.certificate("ecc-root").not_valid_after_utc
    assert ends[-1] == root
    assert ends[-2] < root


@pytest.mark.parametrize(
    ("wished", "lasting", "days"), [(365, 199, 365), (30, 199, 200), (0, 397, 398), (9999, 1, 1825)]
)
def test_the_overlap_is_as_long_as_certificates_last(wished: int, lasting: int, days: int) -> None:
    """And never so long that each certificate would need a new authority."""
    assert overlap_of(wished, lasting) == timedelta(days=days)


def _key(line: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if line == "ecc":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)
