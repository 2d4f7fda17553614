"""What the desk does: one module a topic, one function an action.

Importing this package fills the catalog; a test holds the list against the folder.
"""

from certdesk.actions import (
    access_keys,
    accounts,
    authorities,
    blocklist,
    companies,
    describe,
    desk,
    listing,
    manager_entry,
    managers,
    modify,
    operate_logs,
    ordering,
    orders,
    pace,
    policies,
    projects,
    purchase,
    submit,
    submit_information,
    users,
    verification,
)

__all__ = [
    "access_keys",
    "accounts",
    "authorities",
    "blocklist",
    "companies",
    "describe",
    "desk",
    "listing",
    "manager_entry",
    "managers",
    "modify",
    "operate_logs",
    "ordering",
    "orders",
    "pace",
    "policies",
    "projects",
    "purchase",
    "submit",
    "submit_information",
    "users",
    "verification",
]
