"""CRLs: there is always a fresh one, and its number only grows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import Reason
from certdesk.ports import Unit
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.workflow.retention.short_lived import ShortLivedRetention
from tests import chains
from tests.issuers.taking_back import in_hand
from tests.privateca import InsideCa

HOUR = timedelta(hours=1)


@pytest.fixture
def ca(ca: InsideCa) -> InsideCa:
    """A CA with an ECC line."""
    ca.parts.hierarchy.certificate("ecc-issuing")
    return ca


def crl(ca: InsideCa, name: str = "ecc-issuing") -> x509.CertificateRevocationList:
    """Fetch a CRL, as the world does."""
    found = ca.pki.crl(name)
    assert found is not None
    return x509.load_der_x509_crl(found)


def number(ca: InsideCa) -> int:
    """Give the number of the CRL that the world is shown."""
    return crl(ca).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_a_crl_is_there_right_after_the_authority(ca: InsideCa) -> None:
    """Signed by it, good from now on for a week, and empty."""
    found = crl(ca)

    assert found.is_signature_valid(ca.parts.hierarchy.key("ecc-issuing").public_key())
    assert found.issuer == ca.parts.hierarchy.certificate("ecc-issuing").subject
    assert found.last_update_utc == ca.clock.now()
    assert found.next_update_utc == ca.clock.now() + timedelta(days=7, seconds=-1)
    assert list(found) == []


def test_a_crl_stays_the_same_for_half_a_day(ca: InsideCa) -> None:
    """Whoever fetches it, and in a process that has just started too."""
    first = ca.pki.crl("ecc-issuing")
    ca.clock.move(12 * HOUR - timedelta(seconds=1))

    assert ca.started().pki.crl("ecc-issuing") == first


def test_an_old_crl_is_replaced_when_it_is_fetched(ca: InsideCa) -> None:
    """So that it is fresh also where no background work runs."""
    first = number(ca)
    ca.clock.move(12 * HOUR)

    assert number(ca) > first
    assert crl(ca).last_update_utc == ca.clock.now()


def test_the_background_work_makes_the_lists_of_all_authorities(ca: InsideCa) -> None:
    """At first, and again when they are old; of authorities that there are, and no others."""
    ca.pki.renew_lists()
    first = ca.store.read(lambda unit: unit.revocation_lists.where())
    ca.clock.move(12 * HOUR)
    ca.pki.renew_lists()
    second = ca.store.read(lambda unit: unit.revocation_lists.where())

    assert [each.authority for each in first] == ["ecc-issuing", "ecc-root"]
    assert [each.authority for each in second] == ["ecc-issuing", "ecc-root"]
    assert all(new.number > old.number for old, new in zip(first, second, strict=True))


def test_a_clock_that_was_put_back_does_not_take_lists_back(ca: InsideCa) -> None:
    """The number grows on, and the time of a list is never before that of the last."""
    ca.clock.move(30 * 24 * HOUR)
    last, made_at = number(ca), crl(ca).last_update_utc
    ca.clock.move(-29 * 24 * HOUR)
    assert number(ca) == last

    ca.clock.move(30 * 24 * HOUR)

    assert number(ca) > last
    assert crl(ca).last_update_utc > made_at


def test_processes_that_renew_at_once_publish_one_list(ca: InsideCa) -> None:
    """The first one that is kept, whichever process is asked."""
    desks = [ca.started() for _ in range(6)]
    for _ in range(3):
        with ThreadPoolExecutor(6) as threads:
            fetched = set(threads.map(lambda desk: desk.pki.crl("ecc-issuing"), desks))
        assert len(fetched) == 1
        ca.clock.move(12 * HOUR)


@pytest.mark.parametrize("name", ["nobody", "rsa-root", "ecc-cross"])
def test_there_is_no_crl_of_what_was_not_made(ca: InsideCa, name: str) -> None:
    """And asking makes nothing."""
    assert ca.pki.crl(name) is None
    assert ca.pki.certificate(name) is None
    assert len(ca.pki.authorities()) == 2


def test_a_cross_signed_root_has_no_crl_of_its_own(whole: InsideCa) -> None:
    """Its key is the root's, and so is the list."""
    assert whole.pki.certificate("ecc-cross") is not None
    assert whole.pki.crl("ecc-cross") is None


def serials(ca: InsideCa) -> set[str]:
    """Give the serial numbers on the CRL that the world is shown."""
    return {f"{entry.serial_number:x}" for entry in crl(ca)}


def test_a_revoked_certificate_is_on_the_crl_at_once(ca: InsideCa) -> None:
    """With the time and the reason, on a list of a higher number, and the next ones too."""
    certificate, before = in_hand(ca), number(ca)

    ca.issuer.revoke(certificate, Reason.KEY_COMPROMISE)

    kept = ca.store.read(lambda unit: unit.revocation_lists.get("ecc-issuing"))
    assert kept is not None
    assert x509.load_der_x509_crl(kept.crl) == crl(ca)
    (entry,) = crl(ca)
    assert f"{entry.serial_number:x}" == certificate.serial
    assert entry.revocation_date_utc == ca.clock.now()
    assert [each.value for each in entry.extensions] == [
        x509.CRLReason(x509.ReasonFlags.key_compromise)
    ]
    assert number(ca) > before
    ca.clock.move(12 * HOUR)
    assert serials(ca) == {certificate.serial}


def test_a_certificate_is_revoked_once(ca: InsideCa) -> None:
    """A step taken again after a crash changes neither the list nor the reason."""
    certificate = in_hand(ca)
    ca.issuer.revoke(certificate, Reason.SUPERSEDED)
    first = ca.pki.crl("ecc-issuing")
    ca.clock.move(HOUR)
    ca.started().issuer.revoke(certificate, Reason.KEY_COMPROMISE)

    assert ca.pki.crl("ecc-issuing") == first


def test_a_list_that_was_not_made_before_a_crash_is_made_when_it_is_fetched(ca: InsideCa) -> None:
    """The certificate was kept as revoked, and then the power went."""
    certificate, before = in_hand(ca), number(ca)
    kept = ca.store.read(lambda unit: unit.revocation_lists.get("ecc-issuing"))
    ca.issuer.revoke(certificate, Reason.SUPERSEDED)
    newest = ca.store.read(lambda unit: unit.revocation_lists.get("ecc-issuing"))
    assert kept is not None
    assert newest is not None
    old = replace(kept, version=newest.version)
    ca.store.write(lambda unit: unit.revocation_lists.replace(old))

    assert serials(ca) == {certificate.serial}
    assert number(ca) > before


def test_the_number_grows_on_in_a_process_that_has_just_started(ca: InsideCa) -> None:
    """With every revocation, however many there are in one second."""
    numbers = [number(ca)]
    for index in range(4):
        certificate = in_hand(ca, f"certif{index:02}")
        ca.started().issuer.revoke(certificate, Reason.UNSPECIFIED)
        numbers.append(number(ca))

    assert all(one < other for one, other in pairwise(numbers))
    assert len(serials(ca)) == 4


def test_processes_that_revoke_at_once_all_come_onto_the_list(ca: InsideCa) -> None:
    """None is lost between two that renew it together."""
    certificates = [in_hand(ca, f"certif{index:02}") for index in range(12)]
    desks = [ca.started() for _ in certificates]
    with ThreadPoolExecutor(6) as threads:
        list(
            threads.map(
                lambda desk, certificate: desk.issuer.revoke(certificate, Reason.SUPERSEDED),
                desks,
                certificates,
            )
        )

    assert serials(ca) == {certificate.serial for certificate in certificates}


def test_a_certificate_of_another_issuer_is_not_revoked(ca: InsideCa) -> None:
    """Nor one that names this CA but was signed by none of its authorities."""
    certificate = in_hand(ca)
    stranger = chains.root().certificate.public_bytes(Encoding.DER)
    for other in ({"issuer": "upload"}, {"leaf": stranger}):
        with pytest.raises(LookupError):
            ca.issuer.revoke(replace(certificate, **other), Reason.UNSPECIFIED)

    assert serials(ca) == set()


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("revoke"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(1, 150 * 24)),
        st.tuples(st.sampled_from(["renew", "tidy"]), st.just(0)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> tuple[InsideCa, list[Certificate]]:
    """A CA of which six certificates are in hand."""
    ca = InsideCa(tmp_path_factory.mktemp("six"))
    return ca, [in_hand(ca, f"certif{index:02}") for index in range(6)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(happenings=happenings)
def test_what_was_revoked_stays_listed_until_it_has_ended(
    six: tuple[InsideCa, list[Certificate]], happenings: list[tuple[str, int]]
) -> None:
    """Whatever is tidied, renewed or started anew meanwhile; and numbers only grow."""
    ca, certificates = six
    began, revoked = ca.clock.now(), set[str]()
    forget(ca)
    numbers = [number(ca)]
    for what, how in happenings:
        if what == "revoke" and certificates[how].ends_at >= ca.clock.now():
            revoked.add(certificates[how].serial)
        happen(ca, what, how, certificates[how % 6])
        good = {each.serial for each in certificates if each.ends_at >= ca.clock.now()}
        assert revoked & good <= serials(ca) <= {each.serial for each in certificates}
        numbers.append(number(ca))
    assert numbers == sorted(numbers)
    ca.clock.move(began - ca.clock.now())


def happen(ca: InsideCa, what: str, how: int, certificate: Certificate) -> None:
    """Do one of the things that happen to a CA, in a process that has just started."""
    desk = ca.started()
    if what == "revoke":
        desk.issuer.revoke(certificate, Reason.SUPERSEDED)
    elif what == "wait":
        ca.clock.move(how * HOUR)
    elif what == "renew":
        desk.pki.renew_lists()
    elif what == "tidy":
        ShortLivedRetention(ca.store, ca.clock, MemoryAdmission(None)).tidy()


def forget(ca: InsideCa) -> None:
    """Let nothing be revoked, and no list be kept, for the next example."""

    def empty(unit: Unit) -> None:
        for each in unit.revoked_certificates.where():
            unit.revoked_certificates.remove(each.authority, each.serial)
        for made in unit.revocation_lists.where():
            unit.revocation_lists.remove(made.authority)

    ca.store.write(empty)
