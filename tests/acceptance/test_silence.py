"""A desk says so by itself, in every place that is watched, when something stands still."""

from __future__ import annotations

from pathlib import Path

from certdesk.world.nameserver import nameserver
from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.watching import RED, WELL, sample, told, until
from tests.running import running

MINUTE = 60


def test_a_resolver_that_says_no_more_is_told_in_log_health_figures_and_doctor(
    tmp_path: Path,
) -> None:
    """Within a minute, and so is that it is back; nobody has to order anything for it."""
    with nameserver() as names:
        dns = f'[dns]\nresolvers = ["{names.endpoint}"]\ndnssec = "off"\n'
        with running(tmp_path / "desk", settings=NO_RSA_STOCK + dns) as desk:

            def answers() -> float | None:
                page = told(desk.url, "/metrics").text
                return sample(page, "certdesk_resolver_answers", resolver=names.endpoint)

            until(lambda: told(desk.url).status == WELL)
            assert answers() == 1
            names.silent = True
            until(lambda: told(desk.url).status == RED, MINUTE)
            text = f"no resolver answers: {names.endpoint}: no answer came in time"
            assert text in told(desk.url).text
            assert answers() == 0
            assert "a resolver does not answer" in desk.log
            assert "fail  resolver" in desk.run("doctor").stdout
            names.silent = False
            until(lambda: told(desk.url).status == WELL, MINUTE)
            assert answers() == 1
            assert "a resolver answers again" in desk.log
