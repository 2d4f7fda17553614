"""Whether a check-up finds what is wrong with resolvers."""

from __future__ import annotations

import random

import pytest

from certdesk.domain.operation.checkup import Health, Observation
from certdesk.settings import ROOT_ANCHORS
from certdesk.validation.anchors import read_anchors
from certdesk.validation.checkup import ResolverCheckup
from certdesk.validation.exchange import Server
from certdesk.validation.resolver import Resolver
from certdesk.world.nameserver import NameServer, nameserver
from tests.ports import free_port
from tests.validation.dnslab import DnsLab


def examined(*endpoints: str, checks: bool = False) -> list[Observation]:
    """Look at resolvers by their HOST:PORT."""
    servers = [Server.parse(endpoint) for endpoint in endpoints]
    anchors = read_anchors(ROOT_ANCHORS) if checks else None
    return list(ResolverCheckup(Resolver(servers, anchors, random.SystemRandom())).examine())


def states(observations: list[Observation]) -> list[Health]:
    """Give how the things stand that were looked at."""
    return [each.state for each in observations]


@pytest.mark.needs("nsd")
@pytest.mark.needs("unbound")
def test_a_resolver_that_checks_signatures_is_well(lab: DnsLab) -> None:
    """Unbound, with the trust anchor that it was given."""
    (found,) = ResolverCheckup(lab.resolver()).examine()
    assert found.state is Health.OK
    assert "answers and checks DNSSEC signatures" in found.what


def test_one_that_does_not_check_them_is_not_believed(names: NameServer) -> None:
    """The reason says what it is and what to set."""
    (found,) = examined(names.endpoint, checks=True)
    assert found.state is Health.FAIL
    assert "does not validate DNSSEC" in found.what


def test_that_signatures_are_not_looked_at_is_told(names: NameServer) -> None:
    """It answers, but everybody is believed."""
    first, second = examined(names.endpoint)
    assert (first.state, second.state) == (Health.OK, Health.WARN)
    assert "dns.dnssec" in second.remedy


def test_a_resolver_that_is_not_there_fails_if_it_is_the_only_one() -> None:
    """Until one answers nothing is issued; where another does, it is a warning."""
    gone = f"127.0.0.1:{free_port()}"
    assert states(examined(gone)) == [Health.FAIL, Health.WARN]
    with nameserver() as names:
        assert states(examined(gone, names.endpoint)) == [Health.WARN, Health.OK, Health.WARN]


def test_a_resolver_that_answers_with_a_failure_is_not_well(names: NameServer) -> None:
    """SERVFAIL is no answer."""
    names.fail(".")
    found = examined(names.endpoint)[0]
    assert (found.state, "SERVFAIL" in found.what) == (Health.FAIL, True)
