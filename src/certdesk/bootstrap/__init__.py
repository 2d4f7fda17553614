"""The construction of the desk from its settings; only this package knows every adapter.

`desk` assembles what the other modules make, each for one lower layer.
"""

from certdesk.bootstrap.database import DATABASE_NAME, is_begun
from certdesk.bootstrap.desk import CANNOT_OPEN, OpenDesk, actions, open_desk
from certdesk.bootstrap.joining import JoinedDesk, join_desk
from certdesk.bootstrap.validation import caa_checker, dns_resolver, validators
from certdesk.bootstrap.world import SystemClock, strong_random

__all__ = [
    "CANNOT_OPEN",
    "DATABASE_NAME",
    "JoinedDesk",
    "OpenDesk",
    "SystemClock",
    "actions",
    "caa_checker",
    "dns_resolver",
    "is_begun",
    "join_desk",
    "open_desk",
    "strong_random",
    "validators",
]
