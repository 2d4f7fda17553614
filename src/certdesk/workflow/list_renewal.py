"""Keeps the private CA's CRLs fresh, and its issuing authorities far from their end."""

from __future__ import annotations

from certdesk.ports import Pki
from certdesk.workflow.repeating import Repeating

LOOK_SECONDS = 60


class ListRenewal(Repeating):
    """Looks every minute whether a CRL or an authority is old, and at once at the start."""

    def __init__(self, pki: Pki) -> None:
        """Prepare; nothing is made before `start`."""
        self._pki = pki
        super().__init__("revocation lists", self._look, LOOK_SECONDS)

    def _look(self) -> None:
        self._pki.hand_over()
        self._pki.renew_lists()
