"""The sentences that a page shows once, after a change on another one.

The address has their keys only, so nobody can have the desk say anything else.
"""

from __future__ import annotations

NOTICES = {
    "answered": "Your answer was sent to the reviewers.",
    "approved": "Approved.",
    "asked": "The applicant was asked.",
    "file-added": "The file is attached.",
    "note-added": "The note is stored.",
    "passkey-added": "The passkey is added, and your other sessions are ended.",
    "passkey-removed": "The passkey is removed, and your other sessions are ended.",
    "password-changed": "Your password is changed, and your other sessions are ended.",
    "rejected": "Rejected. The applicant reads the reason.",
    "session-ended": "The session is ended.",
    "sign-in-first": "Sign in to go on.",
    "signed-out": "You are signed out.",
    "ticks-stored": "The ticks are stored.",
}
