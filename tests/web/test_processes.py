"""What each of several serving processes is told, before it serves."""

from __future__ import annotations

import pytest

from certdesk.bootstrap import actions
from certdesk.settings import Settings, SettingsError
from certdesk.web.console.pages import PAGES
from certdesk.web.processes.messages import Start
from certdesk.web.processes.serving import serve_beside
from certdesk.web.processes.shares import share_of

MOST = 64
MIB = 1024 * 1024


def test_limits_are_divided_and_none_is_lost() -> None:
    """Together the processes have what the settings say; 0 stays no limit."""
    whole = Settings(connections=100, handshakes=3, pages_per_second=0)

    share = share_of(whole, 3)

    assert (share.connections, share.handshakes, share.pages_per_second) == (34, 1, 0)


@pytest.mark.parametrize("processes", [1, 2, MOST])
def test_every_body_fits_into_the_share_of_an_address(processes: int) -> None:
    """However many processes share the memory for bodies."""
    requests = [action.body_limit for action in actions() if not action.internal]
    forms = [page.body_limit for page in PAGES]
    largest = max(requests + forms)

    assert share_of(Settings(), processes).bodies_mib * MIB // 4 >= largest


def test_a_process_checks_the_tls_files_that_its_parent_had_checked() -> None:
    """They may be half-written when it replaces another one; its log then has the reason."""
    settings = Settings(tls_cert="/nowhere/cert.pem", tls_key="/nowhere/key.pem")
    start = Start(
        settings=settings,
        listener=-1,
        channel=-1,
        locks=(),
        url="",
        clock_file=None,
        core=None,
    )

    with pytest.raises(SettingsError, match=r"tls\.cert and tls\.key cannot be used"):
        serve_beside(start)
