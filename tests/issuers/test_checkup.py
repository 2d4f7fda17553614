"""Whether a check-up finds what is wrong with the private CA."""

from __future__ import annotations

import random
from datetime import timedelta

from certdesk.domain.operation.checkup import Health, Observation
from certdesk.domain.values.record import replace
from certdesk.issuers.checkup import CaCheckup
from certdesk.issuers.hierarchy import Dependencies
from certdesk.issuers.urls import PublicUrls
from tests.issuers.taking_back import in_hand
from tests.privateca import BASE, InsideCa

DAY = timedelta(days=1)


def examined(ca: InsideCa, base: str = BASE) -> list[Observation]:
    """Look at a CA."""
    world = Dependencies(
        store=ca.store,
        vault=ca.vault,
        clock=ca.clock,
        rng=random.SystemRandom(),
        urls=PublicUrls(base),
    )
    return list(CaCheckup(world, ca.parts.hierarchy, ca.parts.responder).examine())


def wrong(ca: InsideCa, base: str = BASE) -> list[tuple[Health, str]]:
    """Tell what is not as it should be."""
    found = examined(ca, base)
    assert all(bool(each.remedy) is (each.state is not Health.OK) for each in found)
    return [(each.state, each.what) for each in found if each.state is not Health.OK]


def begun(ca: InsideCa) -> InsideCa:
    """Have a CA issue something and publish its lists."""
    in_hand(ca)
    ca.pki.renew_lists()
    return ca


def test_nothing_is_wrong_before_the_first_certificate(ca: InsideCa) -> None:
    """And looking makes nothing."""
    assert wrong(ca) == []
    assert ca.pki.authorities() == []


def test_a_ca_at_work_is_well(ca: InsideCa) -> None:
    """Each authority is told of with its end."""
    told = [each.what for each in examined(begun(ca))]
    assert [each.split(" ")[0] for each in told] == ["ecc-root", "ecc-issuing"]
    assert wrong(ca) == []


def test_a_crl_that_nobody_renews_is_told_of_and_then_fails(ca: InsideCa) -> None:
    """A day old it is a warning, after its end a failure."""
    begun(ca)
    ca.clock.move(DAY)
    assert wrong(ca) == []
    ca.clock.move(timedelta(seconds=1))
    assert [state for state, _ in wrong(ca)] == [Health.WARN, Health.WARN]
    ca.clock.move(6 * DAY)
    assert [(state, what.split(" ended")[0]) for state, what in wrong(ca)] == [
        (Health.FAIL, "the CRL of ecc-root"),
        (Health.FAIL, "the CRL of ecc-issuing"),
    ]
    ca.pki.renew_lists()
    assert wrong(ca) == []


def test_an_authority_near_its_end_without_another_is_told_of(ca: InsideCa) -> None:
    """Once it is followed nothing is wrong any more, and that it ended is nothing wrong either."""
    begun(ca)
    end = ca.parts.hierarchy.certificate("ecc-issuing").not_valid_after_utc
    ca.clock.move(end - ca.clock.now() - 59 * DAY)
    ca.pki.renew_lists()
    ((state, what),) = wrong(ca)
    assert (state, what) == (
        Health.WARN,
        f"ecc-issuing expires on {end:%Y-%m-%d} and has no successor",
    )
    ca.clock.move(60 * DAY)
    ca.pki.renew_lists()
    ((state, what),) = wrong(ca)
    assert (state, what) == (
        Health.FAIL,
        f"ecc-issuing expired on {end:%Y-%m-%d} and no longer signs",
    )
    ca.pki.hand_over()
    ca.pki.renew_lists()
    assert wrong(ca) == []


def test_a_root_is_told_of_two_years_before_its_end(ca: InsideCa) -> None:
    """Clients have to be told of another, which takes its time."""
    begun(ca)
    end = ca.parts.hierarchy.certificate("ecc-root").not_valid_after_utc
    ca.clock.move(end - ca.clock.now() - 729 * DAY)
    ca.pki.hand_over()
    ca.pki.renew_lists()
    assert f"ecc-root expires on {end:%Y-%m-%d}, and so does everything below it" in [
        what for _, what in wrong(ca)
    ]


def test_a_key_that_does_not_open_is_a_failure(ca: InsideCa) -> None:
    """Somebody has changed it in the database, or the key file is another one."""
    begun(ca)
    found = ca.store.read(lambda unit: unit.authorities.get("ecc-issuing"))
    assert found is not None
    assert found.private_key is not None
    altered = replace(found, private_key=found.private_key[::-1])
    ca.store.write(lambda unit: unit.authorities.remove("ecc-issuing"))
    ca.store.write(lambda unit: unit.authorities.add(altered))
    assert wrong(ca) == [(Health.FAIL, "the key of the authority ecc-issuing cannot be decrypted")]


def test_an_address_that_nobody_else_reaches_is_told_of(ca: InsideCa) -> None:
    """It is in every certificate."""
    for base in ("http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"):
        ((state, what),) = wrong(begun(ca) if not ca.pki.authorities() else ca, base)
        assert (state, base in what) == (Health.WARN, True)
