"""People get into the console by a command, and out of it by another one."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.processes import NO_RSA_STOCK, certdesk, keys_in, printed
from tests.console.desks import ConsoleDesk, heading
from tests.running import running

HINT = "certdesk staff invite NAME --role operator"
PATH = "/console/invitation/"


def test_the_first_operator_is_invited_by_a_command(tmp_path: Path) -> None:
    """The desk says so while there is none; a leaver is out at once, and stays out."""
    clock = tmp_path / "clock"
    clock.write_text("+0")
    with running(tmp_path / "data", settings=NO_RSA_STOCK, clock=clock) as desk:
        assert desk.log.count(HINT) == 1
        console = ConsoleDesk(desk, clock)
        login, _ = console.invitation("operator", "ann")
        link = desk.run("staff", "invite", "ann", "--role", "operator").stdout.strip()
        assert link.startswith(console.url(PATH))
        ann = console.accept(login, link.removeprefix(console.origin))
        assert ann.get("/console/account").status == 200

        assert desk.certdesk("staff", "end", "ann")["Sessions"] == 1
        assert heading(ann.open("/console/account")) == "Sign in"


def test_a_link_is_printed_alone_without_a_server(tmp_path: Path) -> None:
    """It has the address that the settings name, and `localhost` for this machine."""
    given = ("--data", str(tmp_path / "data"))
    keys_in(printed(certdesk("account", "add", "web", *given)))
    invite = ("staff", "invite", "ann", "--role", "auditor", *given)

    own = certdesk(*invite)
    assert re.fullmatch(rf"http://localhost:8080{PATH}[A-Za-z0-9_-]{{43}}\n", own.stdout)
    settings = tmp_path / "desk.toml"
    settings.write_text('[http]\npublic_url = "https://ssl.example.com/"\n')
    public = certdesk(*invite, "--config", str(settings))
    assert public.stdout.startswith(f"https://ssl.example.com{PATH}")
