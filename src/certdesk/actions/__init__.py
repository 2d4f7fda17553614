"""What the desk does: one module a topic, one function an action.

Importing this package fills the catalog; a test holds the list against the folder.
"""

from certdesk.actions import (
    access_keys,
    accounts,
    blocklist,
    companies,
    describe,
    desk,
    manager_entry,
    managers,
    pace,
    policies,
    projects,
    purchase,
    submit,
    users,
)

__all__ = [
    "access_keys",
    "accounts",
    "blocklist",
    "companies",
    "describe",
    "desk",
    "manager_entry",
    "managers",
    "pace",
    "policies",
    "projects",
    "purchase",
    "submit",
    "users",
]
