"""The sentences that a page shows once, after a change on another one.

The address has their keys only, so nobody can have the desk say anything else.
"""

from __future__ import annotations

NOTICES = {
    "answered": "Your answer was sent to the reviewers.",
    "approved": "Approved.",
    "asked": "The applicant was asked.",
    "file-added": "The file is attached.",
    "linked": "The logins are linked: they are one person.",
    "login-disabled": "The login is disabled, and its sessions are ended.",
    "login-enabled": "The login is enabled.",
    "note-added": "The note is stored.",
    "passkey-added": "The passkey is added, and your other sessions are ended.",
    "passkey-removed": "The passkey is removed, and your other sessions are ended.",
    "password-changed": "Your password is changed, and your other sessions are ended.",
    "person-ended": "Everything with which the person got in is ended.",
    "rejected": "Rejected. The applicant reads the reason.",
    "second-step-removed": "The second step is removed, and the sessions are ended.",
    "session-ended": "The session is ended.",
    "sign-in-first": "Sign in to go on.",
    "signed-out": "You are signed out.",
    "ticks-stored": "The ticks are stored.",
    "unlinked": "The link is removed.",
}
