"""What the desk does: one module a topic, one function an action.

Importing this package fills the catalog; a test holds the list against the folder.
"""

from certdesk.actions import (
    accounts,
    blocklist,
    companies,
    describe,
    desk,
    manager_entry,
    managers,
    purchase,
    submit,
)

__all__ = [
    "accounts",
    "blocklist",
    "companies",
    "describe",
    "desk",
    "manager_entry",
    "managers",
    "purchase",
    "submit",
]
