"""`certdesk serve`, `certdesk sandbox` and `certdesk worker`."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import structlog

from certdesk.bootstrap import CANNOT_OPEN, OpenDesk, actions, open_desk
from certdesk.bootstrap.database import database_file
from certdesk.bootstrap.places import check_places
from certdesk.cli.common import UNREACHABLE, desk_options, fail, options_with
from certdesk.cli.logs import log_to_stderr
from certdesk.cli.printing import say, tell
from certdesk.cli.throwaway import throwaway_folder
from certdesk.domain.values.redaction import error_text
from certdesk.parsing.memory import hide_memory
from certdesk.ports import Clock
from certdesk.settings import Settings, SettingsError
from certdesk.storage.places import PlaceUnsafe, check_file
from certdesk.storage.session import Library
from certdesk.testing.clock import FileClock
from certdesk.web.admin import answer
from certdesk.web.connections.listening import check_listening
from certdesk.web.processes.parent import serve_with_processes
from certdesk.web.server import keep_what_exists
from certdesk.web.server import serve as run_server
from certdesk.workflow.cores import count_cores, take_core

PATIENCE_SECONDS = 5
"""How long a starting desk waits for an operator's command that is using its folder."""

LISTEN_HELP = "Where to serve; port 0 takes a free one.  [default: 127.0.0.1:8080]"

WORKERS_HELP = "How many processes serve; each uses one processor core.  [default: 1]"

CLOCK_HELP = (
    "For tests only: move the desk's clock by the content of FILE: seconds such as +86400 or a "
    "time such as 2027-03-15T00:00:00Z; it is read again when it changes."
)

log = structlog.get_logger()


def clock_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--clock-file` to a command, passed as its `clock`; None is the machine's clock."""

    def opened(_: click.Context, __: click.Parameter, path: Path | None) -> Clock | None:
        try:
            if path:
                check_file(path)
            return FileClock(path) if path else None
        except OSError as error:
            fail(f"--clock-file: {path}: {error_text(error)}", UNREACHABLE)
        except (ValueError, PlaceUnsafe) as error:
            fail(f"--clock-file: {error}", UNREACHABLE)

    option = click.option(
        "--clock-file", "clock", metavar="FILE", type=Path, callback=opened, help=CLOCK_HELP
    )
    return option(command)


new_database_option = click.option(
    "--new-database",
    is_flag=True,
    help=(
        "Begin a new desk in an empty database, although the desk of the folder has another "
        "database."
    ),
)


@click.command()
@click.option("--listen", metavar="HOST:PORT", help=LISTEN_HELP)
@click.option("--workers", metavar="N", help=WORKERS_HELP)
@new_database_option
@clock_option
@desk_options
def serve(settings: Settings, *, clock: FileClock | None, new_database: bool) -> None:
    """Run the desk: API, and background work.

    Prints `certdesk ready on URL` on stdout once it answers; logs go to stderr, a JSON object a
    line. Ends on SIGTERM or Ctrl-C after the requests in progress.
    """
    _check_listen(settings)
    log_to_stderr(settings.log_level, settings.log_format)
    several = _serving_processes(settings) > 1
    if not several:
        settings = _alone(settings)
    desk = _desk(settings, sandbox=False, clock=clock, new_database=new_database, several=several)
    ready = functools.partial(_log_then_say_ready, settings)
    with desk as opened:
        if several:
            clock_file = str(clock.path.resolve()) if clock else None
            serve_with_processes(settings, opened, ready, clock_file=clock_file)
        else:
            run_server(settings, opened, ready)
    log.info("the desk has stopped")


def _refuse_workers(_: click.Context, __: click.Parameter, given: str | None) -> None:
    if given is not None:
        raise click.UsageError("a sandbox has one process: leave --workers out")


@click.command()
@click.option("--listen", metavar="HOST:PORT", help=LISTEN_HELP)
@click.option(
    "--workers",
    hidden=True,
    expose_value=False,
    callback=_refuse_workers,
    help="Refused: a sandbox has one process.",
)
@new_database_option
@clock_option
@options_with("Keep the sandbox in this folder.  [default: a temporary one, gone at the end]")
def sandbox(settings: Settings, *, clock: Clock | None, new_database: bool) -> None:
    """Run a desk for tests, with an account whose keys it prints, and throw it away at the end.

    Before the ready line it prints one line of JSON with SecretId, SecretKey, Uin and Endpoint; a
    sandbox that is kept (--data) opens a new account at each start. Its certificates come from
    a CA of its own that says in all subjects that it is a sandbox's. Names are validated as by
    any desk: settings such as dns.resolvers say where. A sandbox has one process.
    """
    _check_listen(settings)
    log_to_stderr(settings.log_level, settings.log_format)
    tell("SANDBOX: for tests only. Do not trust its certificates")
    if settings.workers > 1:
        tell("http.workers has no effect: a sandbox has one process")
    settings = _alone(settings)
    for line in _unprovable(settings):
        tell(line)
    with contextlib.ExitStack() as held:
        if not _data_chosen(settings):
            folder = held.enter_context(throwaway_folder())
            settings = dataclasses.replace(settings, data=str(folder))
            tell(
                (
                    "the sandbox deletes its keys at its end, and nobody can open its database "
                    "again without them; --data DIR keeps them"
                )
                if settings.database
                else "the sandbox deletes all its data at its end; --data DIR keeps it"
            )
        desk = _desk(settings, sandbox=True, clock=clock, new_database=new_database)
        opened = held.enter_context(desk)
        keys = _open_account(opened)
        run_server(settings, opened, _say_keys_then_ready(keys))


@click.command()
@clock_option
@desk_options
def worker(settings: Settings, *, clock: Clock | None) -> None:
    """Do the background work alone: check names, issue, make keys; serve nothing.

    For a second process or host beside `certdesk serve` on the same PostgreSQL database, with the
    same key file and the same ca.base_url. With SQLite the desk that serves does this work itself.
    """
    _check_shared(settings)
    log_to_stderr(settings.log_level, settings.log_format)
    if not settings.ca_base_url:
        fail(
            "ca.base_url: set it to the URL of the desks that serve, since certificates contain it",
            UNREACHABLE,
        )
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with _desk(settings, serving=False, clock=clock) as opened, opened.work():
        say("certdesk worker at work")
        signal.sigwait(ends)


def _check_shared(settings: Settings) -> None:
    """End the command if no other process can use the database meanwhile."""
    try:
        alone = database_file(settings) is not None
    except SettingsError as error:
        fail(str(error), UNREACHABLE)
    if alone:
        fail(
            "database: a worker needs PostgreSQL; with SQLite certdesk serve does this work",
            UNREACHABLE,
        )


def _serving_processes(settings: Settings) -> int:
    """Return how many processes serve: one if this SQLite may not have several that write."""
    if settings.workers == 1:
        return 1
    if database_file(settings) is not None and not Library.find().write_ahead:
        log.warning(
            "this SQLite is too old for several processes, so only one serves",
            setting="http.workers",
        )
        return 1
    if settings.workers > (cores := count_cores()):
        log.warning(
            "more serving processes than processor cores make none faster",
            setting="http.workers",
            processes=settings.workers,
            cores=cores,
        )
    return settings.workers


def _alone(settings: Settings) -> Settings:
    """Take a core, if that is set; return the settings of the only process."""
    if settings.one_core:
        take_core(os.getpid())
    return dataclasses.replace(settings, workers=1)


def _check_listen(settings: Settings) -> None:
    """End the command if it may not listen on the address, before any file is created."""
    try:
        # Before the TLS key is used, since others may be able to read it.
        check_places(settings)
        check_listening(settings)
    except (PlaceUnsafe, SettingsError) as error:
        fail(str(error), UNREACHABLE)


def _unprovable(settings: Settings) -> Iterator[str]:
    """Yield warnings about names that this sandbox cannot validate, and what to do."""
    resolvers = Settings().dns_resolvers
    if settings.dns_resolvers != resolvers:
        return
    yield (
        f"the sandbox validates names with the resolver {resolvers[0]} (dns.resolvers), so "
        "it can only validate names whose DNS records or web pages you can change on the "
        "Internet; orders for other names wait until they fail"
    )
    yield (
        "to validate any name, run `certdesk world` in another terminal, and start the "
        "sandbox with `--config world/desk.toml`"
    )


def _data_chosen(settings: Settings) -> bool:
    """Return whether a folder was named, even if it is the default of other commands."""
    named = click.get_current_context().params["data"] is not None
    return named or settings.data != Settings().data


@contextlib.contextmanager
def _desk(
    settings: Settings,
    *,
    serving: bool = True,
    sandbox: bool | None = None,
    clock: Clock | None = None,
    new_database: bool = False,
    several: bool = False,
) -> Iterator[OpenDesk]:
    """Open the desk for a long run, with private memory and files."""
    _warn_of(settings)
    if clock is not None:
        log.warning("a file moves the clock, which is only for tests")
    os.umask(0o077)
    hide_memory()
    try:
        with open_desk(
            settings,
            wait_seconds=PATIENCE_SECONDS,
            serving=serving,
            sandbox=sandbox,
            clock=clock,
            new_database=new_database,
            several=several,
        ) as opened:
            keep_what_exists()
            yield opened
    except CANNOT_OPEN as error:
        fail(str(error), UNREACHABLE)


def _warn_of(settings: Settings) -> None:
    """Log which checks against wrongful issuance are switched off."""
    if settings.dns_dnssec == "off":
        log.warning("the desk trusts any resolver, which is only for tests", setting="dns.dnssec")
    if settings.plain_networks and not settings.tls_cert:
        log.warning(
            "the desk serves plain HTTP beyond loopback: anybody who can listen there reads keys",
            setting="http.plain_networks",
            networks=list(settings.plain_networks),
        )
    if not settings.caa_check:
        log.warning("the desk does not check CAA records", setting="caa.check")


def _open_account(opened: OpenDesk) -> dict[str, str]:
    asked = {"Action": "AddAccount", "Parameters": {"Name": "sandbox"}}
    line = json.dumps(asked).encode()
    reply = json.loads(answer(opened.desk, actions(), line, os.geteuid()))["Response"]
    return {name: reply[name] for name in ("SecretId", "SecretKey", "Uin")}


def _log_then_say_ready(settings: Settings, url: str) -> None:
    log.info(
        "the desk serves",
        url=url,
        pid=os.getpid(),
        processes=settings.workers,
        database="PostgreSQL" if database_file(settings) is None else "SQLite",
    )
    _say_ready(url)


def _say_ready(url: str) -> None:
    say(f"certdesk ready on {url}")


def _say_keys_then_ready(keys: dict[str, str]) -> Callable[[str], None]:
    def say_all(url: str) -> None:
        say(json.dumps(keys | {"Endpoint": url}))
        _say_ready(url)

    return say_all
