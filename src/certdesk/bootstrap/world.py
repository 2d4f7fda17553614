"""The machine's clock and source of randomness."""

from __future__ import annotations

import random
import secrets
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time now, in UTC."""
        return datetime.now(UTC)


def strong_random() -> random.Random:
    """Return the operating system's source of randomness."""
    return secrets.SystemRandom()
