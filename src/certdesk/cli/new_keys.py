"""The printing of a new key, once; a key that cannot be printed is taken back."""

from __future__ import annotations

from typing import Any

from certdesk.cli.common import refused, show_reply
from certdesk.cli.operator import NoDesk, attempt
from certdesk.cli.printing import on_disk, tell
from certdesk.cli.streams import OutputLost
from certdesk.settings import Settings


def show_new_key(
    settings: Settings, response: dict[str, Any], *, advice: str, replaced: str | None = None
) -> None:
    """Print a new key, or take it back if that fails; `advice` says what to do then.

    A key that it `replaced` then works again.

    Raises:
        OutputLost: it could not be printed; if the desk could take it back, it does not work.
    """
    refused(response)
    secret_id = response["SecretId"]
    try:
        show_reply(response)
        on_disk()
    except OutputLost:
        reason = _take_back(settings, secret_id, replaced)
        if reason:
            advice = f"disable it: certdesk key disable {secret_id}"
        done = f"could not be disabled either ({reason})" if reason else "is disabled"
        tell(f"the key {secret_id} could not be printed, and {done}; {advice}")
        raise


def _take_back(settings: Settings, secret_id: str, replaced: str | None) -> str:
    """Take a key back; return why the desk could not, or "" if it did."""
    try:
        response = attempt(settings, "TakeKeyBack", SecretId=secret_id, Replaced=replaced)
    except NoDesk as error:
        return str(error)
    return str(response["Error"]["Code"]) if "Error" in response else ""
