"""The guide's alert rules: Prometheus reads them, and each fires on the figures of a real desk."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certdesk.bootstrap import OpenDesk, open_desk
from certdesk.domain.operation.figures import Counted
from certdesk.domain.orders.lifecycle import Status, StatusMessage
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal, Task
from certdesk.ports import Pki
from certdesk.settings import Settings
from certdesk.testing.clock import ManualClock
from certdesk.world.nameserver import nameserver
from tests.acceptance.watching import sample, until
from tests.own_certificate import own_certificate
from tests.pasting import ROOT
from tests.promtool import ALERTS, RULES, firing, promtool

pytestmark = pytest.mark.needs("promtool")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PATIENCE = {"RequestsFail": 5, "ServingProcessesEnd": 5, "OrdersWaitForReview": 1500}
LONG = 75
"""Minutes after which a rule has to fire, for the other ones."""

STEP = 5

UIN = "100000000001"


class Idle:
    """A desk that is open and does no work, so that what waits goes on waiting."""

    def __init__(self, opened: OpenDesk, clock: ManualClock) -> None:
        """Begin at noon, with the authorities and lists of any desk."""
        self.opened, self.clock = opened, clock
        self.pki.prepare()

    @property
    def pki(self) -> Pki:
        """What its CA shows."""
        pki = self.opened.desk.issuers.pki
        assert pki is not None
        return pki

    @property
    def page(self) -> str:
        """Its figures now."""
        return self.opened.metrics.page().decode()

    def order(self, certificate_id: str, *, message: StatusMessage | None = None) -> None:
        """Put in an order that is under review."""
        order = Order(
            certificate_id=certificate_id,
            uin=UIN,
            product_id=8,
            domain_num=1,
            time_span=1,
            status=Status.UNDER_REVIEW,
            waits_for=message,
            deal_id="deal",
            created_at=NOON,
        )
        self.opened.desk.store.write(lambda unit: unit.orders.add(order))


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idle]:
    """A desk that is open and does no work, for all tests here."""
    clock = ManualClock(NOON)
    settings = own_certificate(tmp_path_factory.mktemp("idle"), NOON, NOON + 90 * DAY)
    with open_desk(settings, clock=clock) as opened:
        yield Idle(opened, clock)


def test_prometheus_reads_the_rules_and_the_configuration() -> None:
    """As its own program says."""
    rules = promtool("check", "rules", str(RULES))
    assert rules.returncode == 0, rules.stderr
    config = promtool("check", "config", str(RULES.with_name("prometheus.yml")))
    assert config.returncode == 0, config.stdout + config.stderr


def test_the_guide_explains_every_alert() -> None:
    """And no other."""
    guide = (ROOT / "docs" / "guide" / "watch.md").read_text("utf-8")
    explained = re.findall(r"^\| `([A-Z]\w+)` \|", guide.partition("| Alert |")[2], re.MULTILINE)
    assert explained[: len(ALERTS)] == ALERTS


def test_rules_ask_only_for_figures_that_are_there_from_the_start(idle: Idle) -> None:
    """With all labels that they name: else a rule is silent, whatever comes."""
    rules = RULES.read_text("utf-8")
    page = idle.page
    asked = set(re.findall(r'(certdesk_\w+)(?:\{(\w+)="(\w+)"\})?', rules.partition("groups:")[2]))
    assert len(asked) > len(ALERTS) / 2
    for name, label, value in asked:
        pattern = rf'^{name}(\{{.*\b{label}="{value}".*\}})? ' if label else rf"^{name}[{{ ]"
        assert re.search(pattern, page, re.MULTILINE), (name, label, value)


Change = Callable[[Idle], None]


def wait_for_a_reviewer(idle: Idle) -> None:
    """An order waits for people."""
    idle.order("reviewed", message=StatusMessage.CA_REVIEWING)


def set_an_order_aside(idle: Idle) -> None:
    """Work on an order has failed too often."""
    task = Task(certificate_id="aside", uin=UIN, due_at=None, failures=5, set_aside=True)
    idle.opened.desk.store.write(lambda unit: unit.tasks.add(task))


def leave_work(idle: Idle) -> None:
    """Work falls due, and nobody does it."""
    due_at = idle.clock.now()
    task = Task(certificate_id="left", uin=UIN, due_at=due_at)
    idle.opened.desk.store.write(lambda unit: unit.tasks.add(task))
    idle.clock.move(2 * MINUTE)


def come_to_the_end_of_a_certificate(idle: Idle) -> None:
    """A certificate has five days left, and no successor."""
    now = idle.clock.now()
    renewal = Renewal(
        certificate_id="ending", uin=UIN, ends_at=now + 20 * DAY, due_at=now + 20 * DAY
    )
    idle.opened.desk.store.write(lambda unit: unit.renewals.add(renewal))
    idle.clock.move(15 * DAY)


def fail_a_request(idle: Idle) -> None:
    """The very first request of an action fails."""
    idle.opened.metrics.request("DescribeCertificate", "InternalError", 0.1)


def come_to_the_end_of_lists(idle: Idle) -> None:
    """Three days pass without new CRLs."""
    idle.pki.renew_lists()
    idle.clock.move(3 * DAY)


def come_to_the_end_of_the_server_certificate(idle: Idle) -> None:
    """The desk's own certificate has a day left."""
    idle.clock.move(NOON + 89 * DAY - idle.clock.now())


def come_to_the_end_of_authorities(idle: Idle) -> None:
    """Authorities have a month left."""
    end = idle.pki.first_end()
    assert end is not None
    idle.clock.move(end - 30 * DAY - idle.clock.now())


def lose_a_serving_process(idle: Idle) -> None:
    """One of two has ended, and no other serves in its place."""
    idle.opened.serving.begin(2)
    for number in range(2):
        idle.opened.serving.serves(number, number)
    idle.opened.serving.ended(0, "ended by signal 9")


def end_serving_processes(idle: Idle) -> None:
    """Some end and are replaced at once."""
    for how in ("signal", "silence", "status"):
        idle.opened.metrics.count(Counted.PROCESSES_ENDED, how=how)


ON_AN_IDLE = {
    "ServingProcessMissing": lose_a_serving_process,
    "ServingProcessesEnd": end_serving_processes,
    "OrdersWaitForReview": wait_for_a_reviewer,
    "OrdersSetAside": set_an_order_aside,
    "WorkLate": leave_work,
    "CertificatesEnd": come_to_the_end_of_a_certificate,
    "RequestsFail": fail_a_request,
    "CrlEnds": come_to_the_end_of_lists,
    "ServerCertificateEnds": come_to_the_end_of_the_server_certificate,
    "AuthorityEnds": come_to_the_end_of_authorities,
}
ON_A_RUNNING = ("DeskNotWell", "ResolverSilent", "WorkStandsStill", "LooksUnanswered")


def test_every_alert_is_made_to_fire_here() -> None:
    """One that nobody has seen fire may never do."""
    assert sorted([*ON_AN_IDLE, *ON_A_RUNNING]) == sorted(ALERTS)


@pytest.mark.parametrize("alert", ON_AN_IDLE)
def test_an_alert_fires_when_its_time_has_come(tmp_path: Path, idle: Idle, alert: str) -> None:
    """Not before, however long it is as it was; on a clock that is moved."""
    idle.pki.renew_lists()
    before = idle.page
    ON_AN_IDLE[alert](idle)

    patience = PATIENCE.get(alert, LONG)
    step = STEP if patience > LONG else 1
    silent, fired = firing(tmp_path, (before, patience), (idle.page, patience), step=step)

    assert alert not in silent
    assert alert in fired


def test_the_alerts_of_a_running_desk(tmp_path: Path) -> None:
    """None while it is well; then its resolver says no more, and one of its threads ends."""
    with nameserver() as names, desk_at(tmp_path, names.endpoint) as opened, opened.work():

        def figure(name: str, **labels: str) -> float | None:
            opened.watching.wake()
            opened.probe.wake()
            return sample(page(), name, **labels)

        def page() -> str:
            return opened.metrics.page().decode()

        until(lambda: figure("certdesk_well") == 1)
        well = page()
        names.silent = True
        until(lambda: figure("certdesk_resolver_answers", resolver=names.endpoint) == 0)
        until(lambda: figure("certdesk_well") == 0)
        in_vain = []
        for _ in range(6):
            opened.metrics.count(Counted.CHECKS, kind="TXT", result="unanswered")
            in_vain.append(page())
        names.silent = False
        until(lambda: figure("certdesk_well") == 1)
        opened.background["trimming"].stop()
        until(lambda: figure("certdesk_well") == 0)
        ended = page()

    nothing, *_, silent, _, stuck, gone = firing(
        tmp_path,
        (well, LONG),
        *((each, 5) for each in in_vain),
        (well, 60),
        (ended, 5),
        ("", 10),
    )

    assert nothing == set()
    assert silent == {"DeskNotWell", "ResolverSilent", "LooksUnanswered"}
    assert stuck == {"DeskNotWell", "WorkStandsStill"}
    assert gone == {"DeskNotWell"}


def desk_at(folder: Path, resolver: str) -> contextlib.AbstractContextManager[OpenDesk]:
    """Open a desk that asks a resolver, and has no keys to make."""
    settings = Settings(
        data=str(folder),
        dns_resolvers=(resolver,),
        dns_dnssec="off",
        stock_rsa_2048=0,
        stock_rsa_4096=0,
        stock_p_256=0,
    )
    return open_desk(settings)
