"""`certdesk world`: names and pages on this machine, to try a desk with."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click

from certdesk.cli.common import UNREACHABLE, fail
from certdesk.cli.printing import say, tell
from certdesk.domain.values.redaction import error_text
from certdesk.storage.places import PlaceUnsafe, check_folder


@click.command()
@click.argument("folder", type=Path, default=Path("world"))
def world(folder: Path) -> None:
    """Run a name server and a web server on this machine, to try a desk without a domain.

    They answer from files in FOLDER (./world unless you name one), and a change counts at once.
    `records` has one DNS record a line, such as `www.example.com TXT "text"`, and `www/HOST/PATH`
    is a page each, of 1 MiB at most. `desk.toml` there has the settings for a desk that asks these
    servers; start the desk after them. They listen on 127.0.0.1 alone, and end with Ctrl-C.
    """
    from certdesk.world import files  # noqa: PLC0415 -- no other command needs DNS

    os.umask(0o077)
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        check_folder(folder)
        with files.world(folder, complain=tell) as made:
            say(f"DNS records are in {made.records}, pages in {made.page('HOST', 'PATH')}.")
            say(f"world ready for: certdesk serve --config {made.settings}")
            signal.sigwait(ends)
    except (files.NotOurs, PlaceUnsafe) as error:
        fail(str(error), UNREACHABLE)
    except OSError as error:
        fail(f"{folder}: {error_text(error)}", UNREACHABLE)
