"""What the operator does to other people needs a proof of who does it, given a moment ago."""

from __future__ import annotations

from certdesk.domain.errors import ProofNeeded
from certdesk.domain.people.sessions import is_proved
from certdesk.engine import Context
from certdesk.ports import Unit


def check_proved(context: Context, unit: Unit) -> None:
    """Refuse a person of the console who has proved too long ago who it is.

    Of commands the system vouches for who types them.

    Raises:
        ProofNeeded: the person has to give a password or a passkey again.
    """
    caller = context.caller
    if caller.person is None:
        return
    session = None if caller.session is None else unit.sessions.get(caller.session)
    if session is None or not is_proved(session, context.now):
        raise ProofNeeded("Type your password once more.")
