"""Keeps the private CA's CRLs fresh, and its issuing authorities far from their end."""

from __future__ import annotations

from certdesk.ports import Pki
from certdesk.workflow.repeating import Repeating

LOOK_SECONDS = 5


class ListRenewal(Repeating):
    """Looks whether a CRL is missing or old, or an authority near its end; at once at the start.

    Often, so that a clock that jumps, or a new authority, is not long without one.
    """

    def __init__(self, pki: Pki) -> None:
        """Prepare; nothing is made before `start`."""
        self._pki = pki
        super().__init__("revocation lists", self._look, LOOK_SECONDS)

    def _look(self) -> None:
        self._pki.hand_over()
        self._pki.renew_lists()
