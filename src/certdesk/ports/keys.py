"""Private keys for orders."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Protocol

from certdesk.domain.values.keys import KeyKind, PrivateKey
from certdesk.ports.collections import Stale


@dataclasses.dataclass(frozen=True, slots=True)
class ReadyKey:
    """A private key for an order; `stock_id` is its number in the stock."""

    private_key: PrivateKey
    stock_id: int


class KeyUsedUp(Stale):
    """Another process has used the key that was lent; there are others, or one is made."""


class KeysBusy(Exception):
    """So many keys are being made that another would have to wait too long."""


class Keys(Protocol):
    """Private keys when one is needed."""

    def lend(self, kind: KeyKind) -> contextlib.AbstractContextManager[ReadyKey]:
        """Lend a key from the stock.

        The borrower removes `stock_id` from the stock in the transaction that stores the key, and
        raises `KeyUsedUp` where it is not there any more; leaving the context with any other
        exception puts the key back.

        Raises:
            Pending: the stock is empty; one is being made.
            KeysBusy: the stock is empty and the queue for new keys is full.
        """
        ...
