"""A new key is printed once: what is not written down is taken back, so that none is lost."""

from __future__ import annotations

from typing import Any

from certdesk.cli.common import refused, show_reply
from certdesk.cli.operator import ask
from certdesk.cli.printing import OutputLost, on_disk, tell
from certdesk.settings import Settings


def show_new_key(
    settings: Settings, response: dict[str, Any], *, advice: str, replaced: str | None = None
) -> None:
    """Print a new key, or take it back where it cannot be printed; `advice` says what to do then.

    A key that it `replaced` works again.

    Raises:
        OutputLost: it could not be printed, and does not work any more.
    """
    refused(response)
    secret_id = response["SecretId"]
    try:
        show_reply(response)
        on_disk()
    except OutputLost:
        ask(settings, "TakeKeyBack", SecretId=secret_id, Replaced=replaced)
        tell(f"the key {secret_id} could not be handed over, and is disabled; {advice}")
        raise
