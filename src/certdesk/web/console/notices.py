"""The sentences that a page shows once, after a change on another one.

The address has their keys only, so nobody can have the desk say anything else.
"""

from __future__ import annotations

NOTICES = {
    "password-changed": "Your password is changed, and your other sessions are ended.",
    "session-ended": "The session is ended.",
    "sign-in-first": "Sign in to go on.",
    "signed-out": "You are signed out.",
}
