"""Renews the private CA's CRLs, and its issuing authorities well before they end."""

from __future__ import annotations

from certdesk.ports import Pki
from certdesk.workflow.repeating import Repeating

INTERVAL_SECONDS = 5


class ListRenewal(Repeating):
    """Checks for a CRL that is missing or old and an authority near its end; first when it starts.

    It runs often, so that a clock that jumps or a new authority is soon covered.
    """

    def __init__(self, pki: Pki) -> None:
        """Prepare; nothing is made before `start`."""
        self._pki = pki
        super().__init__("revocation lists", self._renew, INTERVAL_SECONDS)

    def _renew(self) -> None:
        self._pki.hand_over()
        self._pki.renew_lists()
