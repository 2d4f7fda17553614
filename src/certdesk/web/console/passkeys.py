"""What pages with passkeys send to the desk, and hand to the script `static/passkey.js`."""

from __future__ import annotations

import json

from certdesk.domain.errors import InvalidParam, ProofNeeded, SignInRefused
from certdesk.web.console.page import File
from certdesk.web.console.visit import Visit


def options(visit: Visit, action: str) -> File:
    """Return what the script asks the browser, as an action says, or why it asks nothing."""
    try:
        said = visit.run(
            action,
            Origin=visit.asked.origin.text,
            Visitor=visit.asked.cookie,
            Network=visit.asked.network,
        ).options
    except (InvalidParam, ProofNeeded, SignInRefused) as refused:
        said = json.dumps({"problem": refused.detail or refused.message})
    return File("passkey.json", "application/json", said.encode())


def answered(visit: Visit) -> dict[str, object]:
    """Return the parameters of an action that takes a browser's answer."""
    return {
        "Origin": visit.asked.origin.text,
        "Visitor": visit.asked.cookie,
        "Answer": visit.form.raw("Answer"),
    }
