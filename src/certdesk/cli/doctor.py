"""`certdesk doctor`: whether the desk is well, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

import click

from certdesk.cli.common import REFUSED, desk_options
from certdesk.cli.operator import DeskHangs, NoDesk, NoDeskYet, attempt
from certdesk.cli.printing import say, show
from certdesk.settings import Settings

OK, FAIL = "ok", "fail"
CLOSED = {
    "SettingsError": ("settings", "correct the setting; certdesk settings explains each"),
    "PlaceUnsafe": (
        "files",
        ("run the command in the message, and check whether anything was changed"),
    ),
    "SchemaUnreleased": ("database", "begin again in another folder or database"),
    "SchemaUnknown": ("database", "start the newer version of certdesk that wrote it"),
    "StoreUnavailable": (
        "database",
        ("repair what the message names: the path, the disk, the server"),
    ),
    "WrongKey": ("keys", "put back the key file that belongs to this database (guide: Back up)"),
    "KeyFileMissing": ("keys", "put the desk's key file back, or set vault.key_file"),
    "KeyFileUnusable": ("keys", "make the key file readable only for the desk's user"),
    "DeskBusy": (
        "desk",
        (
            "wait if it is starting or ending; if it hangs or was left behind, end it with "
            "kill -9 and its number, and start the desk"
        ),
    ),
    "VaultError": ("keys", "put back the key file that belongs to this database"),
}
"""The findings for a desk that does not open, by the kind of the error."""


class Found(TypedDict):
    """A finding, as reported by the desk."""

    Check: str
    State: str
    What: str
    Remedy: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@desk_options
def doctor(settings: Settings, *, as_json: bool) -> None:
    """Check clock, disk, database, keys, resolvers, CA and orders, and say what to do.

    Works with and without a running server. The exit code is 1 if a check fails, otherwise 0.
    """
    state, findings = _examined(settings)
    if as_json:
        show({"State": state, "Findings": findings})
    else:
        for found in findings:
            say(f"{found['State']:<4}  {found['Check']:<12}  {found['What']}")
            if found["Remedy"]:
                say(f"{'':<20}-> {found['Remedy']}")
    if state == FAIL:
        raise SystemExit(REFUSED)


def _examined(settings: Settings) -> tuple[str, list[Found]]:
    """Ask the desk to examine itself; a missing desk, or one that does not open, is a finding."""
    try:
        response = attempt(settings, "Examine")
    except NoDeskYet:
        return FAIL, [_missing(settings)]
    except DeskHangs as hanging:
        return FAIL, [_hanging(hanging), *_found_without_desk(settings)]
    except NoDesk as closed:
        return FAIL, [_closed(closed)]
    if "Error" in response:
        what = f"the desk could not check itself: {response['Error']['Code']}"
        remedy = f"see its log for RequestId {response['RequestId']}"
        return FAIL, [Found(Check="desk", State=FAIL, What=what, Remedy=remedy)]
    return response["State"], response["Findings"]


def _missing(settings: Settings) -> Found:
    """Return the finding that there is no desk."""
    return Found(
        Check="desk",
        State=FAIL,
        What=f"there is no desk in {settings.data}",
        Remedy="name the right folder with --data, or make a desk here with certdesk serve",
    )


def _hanging(hanging: DeskHangs) -> Found:
    return Found(
        Check="desk",
        State=FAIL,
        What=str(hanging),
        Remedy=(
            "see why it stands still (ps shows T if it was stopped, and kill -CONT lets it go on); "
            "kill -9 ends it and its serving processes, then start the desk again"
        ),
    )


def _found_without_desk(settings: Settings) -> Iterator[Found]:
    """Yield what is found without asking the desk."""
    # Imported here, since these take ten times as long as asking a running server.
    from certdesk.bootstrap.examining import examiners_without_desk  # noqa: PLC0415 -- as above
    from certdesk.cli.logs import log_to_stderr  # noqa: PLC0415 -- as above
    from certdesk.operator.health import found_by  # noqa: PLC0415 -- as above

    log_to_stderr("warning")
    for examiner in examiners_without_desk(settings):
        for each in found_by(examiner):
            yield Found(
                Check=each.check, State=each.state.value, What=each.what, Remedy=each.remedy
            )


def _closed(closed: NoDesk) -> Found:
    kinds = [kind.__name__ for kind in type(closed.cause).__mro__] if closed.cause else []
    check, remedy = next(
        (CLOSED[kind] for kind in kinds if kind in CLOSED),
        ("desk", "check its log and whether its process is running; start it again"),
    )
    return Found(Check=check, State=FAIL, What=str(closed), Remedy=remedy)
