"""The sentences that a page shows once, after a change on another one.

The address has their keys only, so nobody can have the desk say anything else.
"""

from __future__ import annotations

NOTICES = {
    "answered": "Your answer was sent to the reviewers.",
    "approved": "Approved.",
    "approved-first": "Your approval is stored. A second person has to approve it, too.",
    "asked": "The applicant was asked.",
    "linked": "The logins are linked: they are one person.",
    "login-disabled": "The login is disabled, and its sessions are ended.",
    "login-enabled": "The login is enabled.",
    "passkey-added": "The passkey is added, and your other sessions are ended.",
    "passkey-removed": "The passkey is removed, and your other sessions are ended.",
    "password-changed": "Your password is changed, and your other sessions are ended.",
    "person-ended": "Everything with which the person got in is ended.",
    "rejected": "Rejected. The applicant reads the reason.",
    "second-step-removed": "The second step is removed, and the sessions are ended.",
    "session-ended": "The session is ended.",
    "sign-in-first": "Your session has ended. Sign in again.",
    "signed-out": "You are signed out.",
    "stored": "Your ticks, note and file are stored. You have not decided.",
    "unlinked": "The link is removed.",
}
