"""What holds for every test: which may be skipped, how that is told, how Hypothesis searches.

A skipped test is never silent. The end of a run lists each one with its reason, and where the
environment has `CI` set, one skip fails the run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tools import servers

if TYPE_CHECKING:
    from tests.postgres import Cluster

ON_CI = bool(os.environ.get("CI"))
# Sample data too large for the repository; tests of it run where it lies beside the clone.
CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"

# No deadlines: a slow machine is no defect. On CI the same examples are tried every time.
hypothesis.settings.register_profile(
    "certdesk",
    deadline=None,
    derandomize=ON_CI,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("certdesk")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make quick`."""
    parser.addoption("--alone", action="store_true", help="skip what starts another program")


def pytest_configure(config: pytest.Config) -> None:
    """Watch what tests start, if they are to start nothing."""
    if config.getoption("alone"):
        sys.addaudithook(skip_where_a_program_starts)


def skip_where_a_program_starts(event: str, words: tuple[object, ...]) -> None:
    """Skip the test that is about to start another program."""
    if event == "subprocess.Popen" and "PYTEST_CURRENT_TEST" in os.environ:
        pytest.skip(f"starts {words[0]}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one test more than there are cores: a quarter of their time tests wait."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of sample data, for tests marked with `corpus`."""
    return CORPORA


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this process's own, for tests marked `needs("postgres")`."""
    from tests.postgres import cluster  # noqa: PLC0415 -- where no such test runs, no driver is

    with cluster() as started:
        yield started


def pytest_report_header() -> str:
    """Say whether tests of sample data take part."""
    return f"sample data: {CORPORA if CORPORA.is_dir() else 'none, its tests are left out'}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip a test whose program is missing, and leave out one whose sample data is."""
    packages = servers.declared()
    for item in items:
        for (program,) in (mark.args for mark in item.iter_markers("needs")):
            if program not in packages:
                raise pytest.UsageError(
                    f"{item.nodeid} needs {program}, which [tool.certdesk.servers] does not list"
                )
            if not servers.find(program):
                why = f"needs {program}, Debian package {packages[program]}"
                item.add_marker(pytest.mark.skip(reason=why))
    absent = [item for item in items if not has_corpora(item)]
    items[:] = [item for item in items if has_corpora(item)]
    if absent:
        config.hook.pytest_deselected(items=absent)


def has_corpora(item: pytest.Item) -> bool:
    """Tell whether every folder of sample data that a test names is there."""
    return all(
        (CORPORA / folder).is_dir() for mark in item.iter_markers("corpus") for folder in mark.args
    )


def skipped_tests(config: pytest.Config) -> list[str]:
    """Return one line for each skipped test: its name and the reason."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    reports = terminal.stats.get("skipped", []) if terminal else []
    return sorted({f"{report.nodeid}: {reason(report)}" for report in reports})


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test was skipped, in the words of who skipped it."""
    where_and_why = report.longrepr
    why = where_and_why[2] if isinstance(where_and_why, tuple) else str(where_and_why)
    return why.removeprefix("Skipped: ")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run on CI where a test was skipped."""
    if ON_CI and session.exitstatus == pytest.ExitCode.OK and skipped_tests(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name every skipped test at the end of the run."""
    skipped = skipped_tests(config)
    if skipped and config.getoption("alone"):
        terminalreporter.line(f"{len(skipped)} tests start other programs: make test runs them")
    elif skipped:
        terminalreporter.section("skipped tests")
        for line in skipped:
            terminalreporter.line(line)
        if ON_CI:
            terminalreporter.line("The run fails: on CI a skipped test is a failure.", red=True)
