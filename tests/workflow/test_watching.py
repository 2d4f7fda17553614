"""What a desk notices by itself: resolvers that do not answer, and work that stands still."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from certdesk.workflow.census import CensusTaker
from certdesk.workflow.watching import Watching
from tests.workflow.ordering import Ordered, ordered

ONE, OTHER = "127.0.0.1:53", "127.0.0.2:53"
REASON = "no answer came in time"


@dataclasses.dataclass
class ScriptedResolvers:
    """`ports.Resolvers` of which those do not answer that a test names."""

    dead: set[str] = dataclasses.field(default_factory=set)

    def check(self) -> None:
        """Ask nobody."""

    def silent(self) -> Mapping[str, str]:
        """Return those that a test named."""
        return {each: REASON for each in (ONE, OTHER) if each in self.dead}

    def answering(self) -> Mapping[str, bool]:
        """Return both."""
        return {each: each not in self.dead for each in (ONE, OTHER)}


@pytest.fixture
def its(tmp_path: Path) -> Iterator[Ordered]:
    """An order that waits for its proof."""
    with ordered(tmp_path) as made:
        yield made


def watching(its: Ordered, resolvers: ScriptedResolvers, *, named: bool = False) -> Watching:
    """Watch a desk; nothing is begun."""
    desk = its.desk
    census = CensusTaker(desk.store, desk.ca.pki, desk.clock.now, lambda: None)
    return Watching(census, resolvers, named=named, further=list)


def test_resolvers_that_do_not_answer_are_a_fault_while_an_order_waits(its: Ordered) -> None:
    """None answers, or it is not one: there is another to ask."""
    resolvers = ScriptedResolvers({ONE})
    watch = watching(its, resolvers)
    watch.check()
    assert watch.faults() == ()
    resolvers.dead.add(OTHER)
    watch.check()
    assert watch.faults() == (f"no resolver answers: {ONE}: {REASON}; {OTHER}: {REASON}",)
    resolvers.dead.clear()
    watch.check()
    assert watch.faults() == ()


@pytest.mark.parametrize("named", [False, True])
def test_without_an_order_a_resolver_is_missed_that_was_named(its: Ordered, *, named: bool) -> None:
    """Not the usual one of a desk on which nobody has ordered anything."""
    its.desk.call(its.caller, "CancelAuditCertificate", CertificateId=its.certificate_id)
    watch = watching(its, ScriptedResolvers({ONE, OTHER}), named=named)
    watch.check()
    assert bool(watch.faults()) is named


def test_each_resolver_leaves_a_line_when_it_ends_and_when_it_is_back(its: Ordered) -> None:
    """And none between."""
    resolvers = ScriptedResolvers({ONE})
    watch = watching(its, resolvers)
    with capture_logs() as lines:
        for _ in range(3):
            watch.check()
        resolvers.dead.clear()
        watch.check()
    assert [(line["event"], line["resolver"]) for line in lines] == [
        ("a resolver does not answer", ONE),
        ("a resolver answers again", ONE),
    ]


def test_work_that_stands_still_leaves_a_line_and_is_a_note(its: Ordered) -> None:
    """The desk itself is well."""
    watch = watching(its, ScriptedResolvers())
    its.desk.clock.move(timedelta(minutes=2))
    with capture_logs() as lines:
        watch.check()
        watch.check()
    (note,) = watch.notes()
    assert note.startswith("orders have been due since")
    assert [line["what"] for line in lines] == [note]
    assert watch.faults() == ()
