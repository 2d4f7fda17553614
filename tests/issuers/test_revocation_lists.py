"""CRLs: there is always a fresh one, and its number only grows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509

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
