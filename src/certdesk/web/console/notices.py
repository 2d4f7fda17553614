"""The sentences that a page shows once, after a change on another one.

The address has their keys only, so nobody can have the desk say anything else.
"""

from __future__ import annotations

NOTICES = {
    "signed-out": "You are signed out.",
}
