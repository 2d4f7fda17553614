"""What pages with passkeys send to the desk, and hand to the script `static/passkey.js`."""

from __future__ import annotations

from certdesk.web.console.page import File
from certdesk.web.console.visit import Visit


def options(visit: Visit, action: str) -> File:
    """Return what the script asks the browser, as an action says."""
    reply = visit.run(
        action,
        Origin=visit.asked.origin.text,
        Visitor=visit.asked.cookie,
        Network=visit.asked.network,
    )
    return File("passkey.json", "application/json", reply.options.encode())


def answered(visit: Visit) -> dict[str, object]:
    """Return the parameters of an action that takes a browser's answer."""
    return {
        "Origin": visit.asked.origin.text,
        "Visitor": visit.asked.cookie,
        "Answer": visit.form.raw("Answer"),
    }
