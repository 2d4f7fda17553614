"""The operator's requests about the desk itself."""

from certdesk.wire.model import Request


class VaultStatusRequest(Request):
    """Show the key-encryption key in use and the stock of ready keys; nothing secret."""


class AcceptClockRequest(Request):
    """Trust the clock as it is: it was ahead by mistake and has been set right.

    Prints the time in UTC, and the latest time that the desk had seen.
    """


class CountBlockedKeysRequest(Request):
    """Print how many keys are blocked and, with DIGEST, why that one is (null: it is not).

    Also prints whether certificates for it are revoked, and which ones still exist.
    """

    digest: str | None = None
